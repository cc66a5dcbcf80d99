import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Clock, Timer } from '../clock.ts'
import type { Spool } from '../message/spool.ts'
import type { Metrics } from './metrics.ts'

/** Milliseconds between two looks at the event loop. */
const resolution = 20
/** Whoever has not asked for so long does not want to know any more. */
const forgotten = 300_000
/** Milliseconds for which a maximum is told at least, also where two ask in turn. */
const shortestWindow = 1_000

const { version } = createRequire(import.meta.url)('mailwright/package.json') as { readonly version: string }

/** What is known of the process itself. The conventional `process_…` names are those that dashboards look for. */
export class ProcessMetrics {
  readonly #lag: LoopLag

  constructor(metrics: Metrics, spool: Spool, clock: Clock) {
    this.#lag = new LoopLag(clock)
    const cpu = 'Processor time that was spent, in seconds.'
    metrics.observe({ name: 'process_cpu_seconds_total', help: cpu, type: 'counter' }, () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    })
    metrics.observe({ name: 'process_resident_memory_bytes', help: 'Memory in use.' }, () =>
      process.memoryUsage.rss(),
    )
    metrics.observe(
      { name: 'mailwright_heap_used_bytes', help: "Memory in use for JavaScript's objects." },
      () => process.memoryUsage().heapUsed,
    )
    metrics.observe({ name: 'process_open_fds', help: 'Files and sockets that are open.' }, openFiles)
    metrics.observe(
      {
        name: 'process_start_time_seconds',
        help: 'When the process began, in seconds since 1970; of the oldest worker.',
        combine: 'min',
      },
      () => performance.timeOrigin / 1000,
    )
    metrics.observe(
      {
        name: 'mailwright_build_info',
        help: 'Which program runs; always 1.',
        labels: ['version', 'node'],
        shared: true,
      },
      () => [{ labels: [version, process.versions.node], value: 1 }],
    )
    metrics.observe(
      {
        name: 'mailwright_spool_room_bytes',
        help: 'What is free on the file system of the data folder; 0 where its inodes are used up.',
        shared: true,
      },
      () => spool.room(),
    )
    this.#observeLoop(metrics)
  }

  #observeLoop(metrics: Metrics): void {
    metrics.observe(
      {
        name: 'mailwright_event_loop_lag_seconds',
        help: 'By how much timers were late since the last look: the longest, and the 99th percentile.',
        labels: ['of'],
        combine: 'max',
      },
      () => this.#lag.look(),
    )
    metrics.observe(
      {
        name: 'mailwright_event_loop_busy_seconds_total',
        help: 'Time in which the event loop worked.',
        type: 'counter',
      },
      () => performance.eventLoopUtilization().active / 1000,
    )
  }

  stop(): void {
    this.#lag.stop()
  }
}

/** Only Linux tells cheaply. */
async function openFiles(): Promise<number | undefined> {
  const names = await readdir('/proc/self/fd').catch(() => undefined)
  return names?.length
}

/** Watches how late timers are, from the first look on and as long as somebody looks. */
class LoopLag {
  readonly #clock: Clock
  #delays: ReturnType<typeof monitorEventLoopDelay> | undefined
  #idle: Timer | undefined
  #shown: readonly { readonly labels: readonly [string]; readonly value: number }[] = []
  #until = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Nothing at the first look. */
  look(): readonly { readonly labels: readonly [string]; readonly value: number }[] {
    this.#idle?.cancel()
    this.#idle = this.#clock.after(forgotten, () => this.stop())
    if (this.#clock.monotonic() < this.#until) return this.#shown
    this.#until = this.#clock.monotonic() + shortestWindow
    const delays = this.#delays
    if (delays === undefined) {
      this.#delays = monitorEventLoopDelay({ resolution })
      this.#delays.enable()
      return []
    }
    if (delays.count > 0) {
      const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - resolution / 1e3)
      this.#shown = [
        { labels: ['max'], value: seconds(delays.max) },
        { labels: ['p99'], value: seconds(delays.percentile(99)) },
      ]
      delays.reset()
    }
    return this.#shown
  }

  stop(): void {
    this.#idle?.cancel()
    this.#delays?.disable()
    this.#delays = undefined
    this.#shown = []
  }
}
