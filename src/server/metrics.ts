import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What the service counts, for Prometheus. Labels are routes and codes, of which there are few. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'klplog_' })
  return {
    registry,
    requests: new Counter({
      name: 'klplog_http_requests_total',
      help: 'Requests, by route, method and status.',
      labelNames: ['route', 'method', 'status'] as const,
      registers
    }),
    seconds: new Histogram({
      name: 'klplog_http_request_seconds',
      help: 'Time from the request to its answer; of a stream, to its beginning.',
      labelNames: ['route'] as const,
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
      registers
    }),
    appended: new Counter({
      name: 'klplog_events_appended_total',
      help: 'Events that were appended, and those that the log knew already.',
      labelNames: ['result'] as const,
      registers
    }),
    rejected: new Counter({
      name: 'klplog_rejected_evidence_total',
      help: 'Pieces of rejected evidence that were new.',
      registers
    }),
    position: new Gauge({ name: 'klplog_log_position', help: 'Position of the last event.', registers }),
    readers: new Gauge({ name: 'klplog_live_readers', help: 'Live streams that are open.', registers }),
    readersCut: new Counter({
      name: 'klplog_live_readers_cut_total',
      help: 'Live readers that were cut off because they did not read.',
      registers
    }),
    jobs: new Gauge({
      name: 'klplog_jobs',
      help: 'Jobs, by state.',
      labelNames: ['state'] as const,
      registers
    })
  }
}

export type Metrics = ReturnType<typeof createMetrics>
