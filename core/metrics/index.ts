export type {
  Combination,
  Counter,
  Gauge,
  GaugeDefinition,
  Histogram,
  HistogramDefinition,
  Labelled,
  LabelValues,
  MetricDefinition,
  MetricFamily,
  MetricSample,
  Metrics,
  MetricType,
  Observed,
  ObservedDefinition,
} from './metrics.ts'
export { durationBuckets } from './metrics.ts'
