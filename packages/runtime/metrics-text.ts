import { METRICS, type MetricSample } from './metrics';

const BOUND = /(?:^|,)le="([^"]*)"$/;

function line(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${value}` : `${name}{${labels}} ${value}`;
}

function withBound(labels: string, bound: string): string {
  return `${labels === '' ? '' : `${labels},`}le="${bound}"`;
}

/** Prometheus counts in a bucket all that is at most its bound; the samples hold each bucket by itself. */
function histogramLines(
  name: string,
  buckets: readonly number[],
  isLabelled: boolean,
  samples: readonly MetricSample[],
): string[] {
  const counts = new Map<string, Map<string, number>>(isLabelled ? [] : [['', new Map()]]);
  for (const { labels, value } of samples.filter((sample) => sample.name === `${name}_bucket`)) {
    const base = labels.replace(BOUND, '');
    const byBound = counts.get(base) ?? new Map<string, number>();
    counts.set(base, byBound.set(BOUND.exec(labels)?.[1] ?? '', value));
  }
  return [...counts].flatMap(([labels, byBound]) => {
    let below = 0;
    const lines = [...buckets.map(String), '+Inf'].map((bound) => {
      below += byBound.get(bound) ?? 0;
      return line(`${name}_bucket`, withBound(labels, bound), below);
    });
    const sum = samples.find((sample) => sample.name === `${name}_sum` && sample.labels === labels);
    return [...lines, line(`${name}_sum`, labels, sum?.value ?? 0), line(`${name}_count`, labels, below)];
  });
}

/** Every metric of {@link METRICS} in Prometheus' text format; one without labels is 0 before it is first counted. */
export function metricsText(samples: readonly MetricSample[]): string {
  const lines = Object.entries(METRICS).flatMap(([name, metric]) => {
    const isLabelled = metric.labels.length > 0;
    const head = (type: string): string[] => [`# HELP ${name} ${metric.help}`, `# TYPE ${name} ${type}`];
    if ('buckets' in metric)
      return [...head('histogram'), ...histogramLines(name, metric.buckets, isLabelled, samples)];
    const mine = samples.filter((sample) => sample.name === name);
    const values = mine.length > 0 || isLabelled ? mine : [{ name, labels: '', value: 0 }];
    return [...head('counter'), ...values.map(({ labels, value }) => line(name, labels, value))];
  });
  return `${lines.join('\n')}\n`;
}
