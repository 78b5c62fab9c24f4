/** What a metric is, as Prometheus tells it. `buckets` make it a histogram. Labels hold nothing that a client sends. */
type MetricDefinition = {
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
};

/** Everything that workers and dispatchers count. It reaches `/metrics` of the API through the database. */
export const METRICS = {
  events_processed_total: {
    help: 'Events that the features stage has committed, repeats included',
    labels: [],
  },
  dead_events_total: {
    help: 'Events that the database refused and that were kept in dead_event',
    labels: [],
  },
  person_limit_dropped_total: {
    help: 'What people were to get beyond the most that a person may have, by kind: traits, subscriptions, ids',
    labels: ['kind'],
  },
  identity_blocked_total: {
    help: 'Ids of events that stand for nobody, such as "null", and were ignored beside a usable one',
    labels: ['kind'],
  },
  segment_transitions_total: {
    help: 'People entering and leaving segments, by what caused it',
    labels: ['direction', 'cause'],
  },
  segment_drift_total: {
    help: 'Memberships that a scheduled evaluation found wrong, with nothing under way to put them right: expected 0',
    labels: ['segment_id'],
  },
  audience_drift_total: {
    help: 'Entries of synced audiences that the scheduled comparison found wrong, with nothing under way: expected 0',
    labels: ['destination'],
  },
  deadline_lateness_seconds: {
    help: 'From the instant at which time alone could change an answer to the decision',
    labels: [],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300, 3600],
  },
  automation_deliveries_total: {
    help: 'Attempts of deliveries, by destination and outcome',
    labels: ['destination', 'outcome'],
  },
} as const satisfies Record<string, MetricDefinition>;

type MetricName = keyof typeof METRICS;
type HistogramName = {
  [Name in MetricName]: (typeof METRICS)[Name] extends { buckets: readonly number[] } ? Name : never;
}[MetricName];
type CounterName = Exclude<MetricName, HistogramName>;
type LabelsOf<Name extends MetricName> = Readonly<Record<(typeof METRICS)[Name]['labels'][number], string>>;

/** Counts in memory; what was counted is written about each second. Costs no statement where it is called. */
export type Counters = {
  readonly add: <Name extends CounterName>(name: Name, labels: LabelsOf<Name>, value: number) => void;
  /** Counts one value of a histogram. */
  readonly observe: <Name extends HistogramName>(name: Name, labels: LabelsOf<Name>, value: number) => void;
};

/** The value of one series. A histogram's `…_bucket` holds what fell between its `le` and the one before. */
export type MetricSample = { readonly name: string; readonly labels: string; readonly value: number };

const escapeLabel = (value: string): string =>
  value.replace(/["\\\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));

function labelText(names: readonly string[], values: Readonly<Record<string, string>>): string {
  return names.map((name) => `${name}="${escapeLabel(values[name] ?? '')}"`).join(',');
}

/** Sums of what is counted until they are taken. */
export type MetricSums = Counters & {
  /** Takes what there is, in the order of names and labels. */
  readonly take: () => MetricSample[];
  /** Gives back what was taken and could not be written. */
  readonly giveBack: (samples: readonly MetricSample[]) => void;
};

/** @param onSum told of every sum that is added to */
export function makeMetricSums(onSum: () => void): MetricSums {
  const sums = new Map<string, Map<string, number>>();
  const sum = (name: string, labels: string, value: number): void => {
    const series = sums.get(name) ?? new Map<string, number>();
    sums.set(name, series.set(labels, (series.get(labels) ?? 0) + value));
    onSum();
  };
  return {
    add: (name, labels, value) => sum(name, labelText(METRICS[name].labels, labels), value),
    observe: (name, labels, value) => {
      const { labels: names, buckets } = METRICS[name];
      const le = buckets.find((bound) => value <= bound);
      const bucket = { ...labels, le: le === undefined ? '+Inf' : String(le) };
      sum(`${name}_bucket`, labelText([...names, 'le'], bucket), 1);
      sum(`${name}_sum`, labelText(names, labels), value);
    },
    take: () => {
      const samples = [...sums].flatMap(([name, series]) =>
        [...series].map(([labels, value]) => ({ name, labels, value })),
      );
      sums.clear();
      const keyOf = ({ name, labels }: MetricSample): string => `${name} ${labels}`;
      return samples.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    },
    giveBack: (samples) => {
      for (const { name, labels, value } of samples) sum(name, labels, value);
    },
  };
}
