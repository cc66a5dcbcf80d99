import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Flow } from '../flow/flow.ts'
import { createListenerPool, type OpenListener } from '../host/listeners.ts'
import { createHost, type Host } from '../host.ts'
import { type HistoryEntry, type HistoryQuery, history } from '../services/history.ts'
import type { ServiceKey } from '../services/key.ts'
import type { Resolver } from '../services/resolver.ts'
import { type CapturedLog, capturedLog } from './captured-log.ts'
import { type Dialogue, dialogueOverTcp } from './dialogue/dialogue.ts'
import { fakeResolver } from './fake-resolver.ts'
import { type ConnectOptions, MemoryListeners } from './memory-listeners.ts'
import { type MailAnswer, sendMail, type TestMail } from './send-mail.ts'

export interface TestHostOptions extends Omit<Config, 'dataDir' | 'log' | 'resolver'> {
  /** A clock of the test's own, such as `fakeClock()`; the machine's where absent. */
  readonly clock?: Clock
  /** Where DNS answers come from: a fake that knows no name where absent. */
  readonly resolver?: Resolver
  /** Opens real sockets, where the test needs a real client. Plugins should ask for port 0 then. */
  readonly sockets?: boolean
  /** A folder that the test keeps; a new one, removed at `stop`, where absent. */
  readonly dataDir?: string
  /** What plugins keep in memory: a map that two hosts have in common is theirs as after a reload. */
  readonly kept?: Map<string, unknown>
}

/** A real host with real plugins, and everything around it in the hands of the test. */
export interface TestHost {
  readonly host: Host
  readonly flow: Flow
  readonly dataDir: string
  readonly log: CapturedLog
  /** The listeners, with their real ports where `sockets`. */
  readonly listeners: readonly OpenListener[]
  /** MAIL_E_SERVICE where no plugin provides it. */
  service<Service>(key: ServiceKey<Service>): Service
  /** Connects to the listener of a plugin instance: in memory, or with `sockets` over TCP. */
  connect(plugin: string, options?: ConnectOptions): Promise<Dialogue>
  /** Sends a mail through all hooks; see {@link sendMail}. */
  send(mail: TestMail): Promise<readonly MailAnswer[]>
  /** What the history knows. */
  history(query?: HistoryQuery): Promise<readonly HistoryEntry[]>
  /** Stops the host and removes its folder. Only the first call counts. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Checks, sets up and starts plugins as the `mailwright` command would. What fails is thrown, and nothing is left behind. */
export async function createTestHost(options: TestHostOptions): Promise<TestHost> {
  const {
    clock = systemClock,
    resolver = fakeResolver(),
    sockets = false,
    dataDir: given,
    kept = new Map(),
    ...config
  } = options
  const dataDir = given ?? (await mkdtemp(join(tmpdir(), 'mailwright-test-')))
  const log = capturedLog()
  const memory = sockets ? undefined : new MemoryListeners(clock)
  const removeFolder = () =>
    given === undefined ? rm(dataDir, { recursive: true, force: true }) : Promise.resolve()
  try {
    const host = createHost(
      { hostname: 'mail.example.org', drainTimeout: 0, ...config, dataDir },
      { folder: dataDir, clock, log, resolver, listeners: memory ?? createListenerPool(), kept },
    )
    await host.start()
    const listeners = await host.serve()
    return testHost({ host, log, dataDir, listeners, memory, removeFolder })
  } catch (error) {
    await removeFolder()
    throw error
  }
}

interface Parts {
  readonly host: Host
  readonly log: CapturedLog
  readonly dataDir: string
  readonly listeners: readonly OpenListener[]
  readonly memory: MemoryListeners | undefined
  removeFolder(): Promise<void>
}

function testHost({ host, log, dataDir, listeners, memory, removeFolder }: Parts): TestHost {
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= host.stop().finally(removeFolder)
    return stopping
  }
  return {
    host,
    flow: host.flow,
    log,
    dataDir,
    listeners,
    service: (key) => host.service(key),
    connect: (plugin, options = {}) =>
      memory?.connect(plugin, options) ?? connectOverTcp(listeners, plugin, options),
    send: (mail) => sendMail(host.flow, mail),
    history: (query = {}) => host.service(history).find(query),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function connectOverTcp(
  listeners: readonly OpenListener[],
  plugin: string,
  options: ConnectOptions,
): Promise<Dialogue> {
  const listener = listeners.find(
    (each) => each.plugin === plugin && (options.role ?? each.role) === each.role,
  )
  if (listener === undefined) throw new RangeError(`no listener of ${plugin}`)
  return dialogueOverTcp(listener.port, { ...options, tls: listener.implicitTls })
}
