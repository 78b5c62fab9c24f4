import { makeMetricSums } from './metrics';
import { metricsText } from './metrics-text';

function counted() {
  let sums = 0;
  const metrics = makeMetricSums(() => void (sums += 1));
  metrics.add('events_processed_total', {}, 3);
  metrics.add('events_processed_total', {}, 4);
  metrics.add('segment_transitions_total', { cause: 'event', direction: 'entered' }, 2);
  for (const value of [0.05, 0.051, 4, 99_999]) metrics.observe('deadline_lateness_seconds', {}, value);
  return { metrics, sums };
}

test('sums by series, in the order of names and labels, and tells of each', () => {
  const { metrics, sums } = counted();
  expect(sums).toBe(3 + 2 * 4);
  expect(metrics.take()).toEqual([
    { name: 'deadline_lateness_seconds_bucket', labels: 'le="+Inf"', value: 1 },
    { name: 'deadline_lateness_seconds_bucket', labels: 'le="0.05"', value: 1 },
    { name: 'deadline_lateness_seconds_bucket', labels: 'le="0.1"', value: 1 },
    { name: 'deadline_lateness_seconds_bucket', labels: 'le="5"', value: 1 },
    { name: 'deadline_lateness_seconds_sum', labels: '', value: 0.05 + 0.051 + 4 + 99_999 },
    { name: 'events_processed_total', labels: '', value: 7 },
    { name: 'segment_transitions_total', labels: 'direction="entered",cause="event"', value: 2 },
  ]);
  expect(metrics.take()).toEqual([]);
});

test('what is given back is added to what was counted meanwhile', () => {
  const { metrics } = counted();
  const taken = metrics.take().filter(({ name }) => name === 'events_processed_total');
  metrics.add('events_processed_total', {}, 1);
  metrics.giveBack(taken);
  expect(metrics.take()).toEqual([{ name: 'events_processed_total', labels: '', value: 8 }]);
});

test('is written as Prometheus reads it: buckets add up, and zero is a value', () => {
  const text = metricsText(counted().metrics.take());
  expect(text).toContain('# HELP events_processed_total ');
  expect(text).toContain('# TYPE events_processed_total counter\nevents_processed_total 7\n');
  expect(text).toContain('\nsegment_transitions_total{direction="entered",cause="event"} 2\n');
  expect(text).toContain('# TYPE deadline_lateness_seconds histogram\n');
  expect(text).toContain(
    'deadline_lateness_seconds_bucket{le="0.05"} 1\ndeadline_lateness_seconds_bucket{le="0.1"} 2\n',
  );
  expect(text).toContain('deadline_lateness_seconds_bucket{le="2.5"} 2\n');
  expect(text).toContain('deadline_lateness_seconds_bucket{le="5"} 3\n');
  expect(text).toContain('deadline_lateness_seconds_bucket{le="3600"} 3\n');
  expect(text).toContain('deadline_lateness_seconds_bucket{le="+Inf"} 4\n');
  expect(text).toContain('deadline_lateness_seconds_count 4\n');
  expect(text).toContain('\ndead_events_total 0\n');
  expect(text).toMatch(/# TYPE automation_deliveries_total counter\n$/);
  expect(metricsText([])).toContain('deadline_lateness_seconds_bucket{le="+Inf"} 0\n');
});

test('labels are escaped', () => {
  const metrics = makeMetricSums(() => undefined);
  metrics.add('automation_deliveries_total', { destination: 'a"b\\c\nd', outcome: 'x' }, 1);
  expect(metricsText(metrics.take())).toContain('{destination="a\\"b\\\\c\\nd",outcome="x"} 1');
});
