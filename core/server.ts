import { systemClock } from './clock.ts'
import { type LoadedConfig, loadConfig } from './config-file.ts'
import { ConfigError, MailwrightError } from './errors.ts'
import { InheritedSockets } from './host/inherited-sockets.ts'
import type { KeptValues } from './host/kept-values.ts'
import { createListenerPool, type ListenerPool, type OpenListener } from './host/listeners.ts'
import { becomeUser, canRead, isRoot } from './host/privileges.ts'
import { createHost, type Host } from './host.ts'
import type { Log } from './log.ts'
import type { MetricStore } from './metrics/host-metrics.ts'
import { createPeers, type Question } from './workers/peers.ts'
import { allAreBound, isWorker } from './workers/worker.ts'

/** A running system that can take a new config without refusing a connection. */
export class Server {
  readonly #folder: string
  readonly #file: string | undefined
  readonly #inherited = new InheritedSockets(process.env)
  readonly #pool: ListenerPool = createListenerPool(this.#inherited)
  readonly #counted: MetricStore = new Map()
  readonly #kept: KeptValues = new Map()
  readonly #peers = isWorker ? createPeers(systemClock) : undefined
  #host: Host | undefined
  #log: Log | undefined
  #listeners: readonly OpenListener[] = []
  #changing: Promise<unknown> = Promise.resolve()
  /** The one that is being started. */
  #coming: Host | undefined
  /** The one before, which finishes its sessions. */
  #leaving: Promise<void> = Promise.resolve()
  #isStopped = false
  readonly #stopped = Promise.withResolvers<void>()

  /** The config is the named file, or the one found upwards from `folder`. */
  constructor(folder: string, file?: string) {
    this.#folder = folder
    this.#file = file
  }

  get listeners(): readonly OpenListener[] {
    return this.#listeners
  }

  /** Of the system that has been started last; undefined where there was none. */
  get log(): Log | undefined {
    return this.#log
  }

  /**
   * Loads the config, starts everything and opens the listeners. Where the config names a user, the ports are opened first,
   * and everything else is done as that user. `config` is what was loaded just now, where somebody has done so. A reload that
   * is asked for meanwhile comes after it.
   */
  start(config?: LoadedConfig): Promise<Host> {
    const started = this.#start(config).finally(() => {
      this.#coming = undefined
    })
    this.#changing = started.catch(() => undefined)
    return started
  }

  async #start(config: LoadedConfig | undefined): Promise<Host> {
    const loaded = config ?? (await loadConfig(this.#folder, this.#file))
    const host = this.#hostOf(loaded)
    this.#comes(host)
    this.#log = host.log
    host.log.info('starting', { plugins: host.plugins })
    if (host.settings.user !== undefined) await this.#giveUpRights(host, loaded.file)
    else if (isRoot())
      host.log.warn('starting', { text: 'runs as root; the setting `user` names a better one' })
    tellWarnings(host)
    await host.start()
    this.#listeners = await host.serve()
    await this.#refuseUnclaimed(host)
    this.#arrives(host)
    host.log.info(isWorker ? 'worker-started' : 'ready', { listeners: this.#listeners })
    return host
  }

  /** From now on a stop stops this one, too. MAIL_E_START where it has been asked for already. */
  #comes(host: Host): void {
    this.#refuseStopped()
    this.#coming = host
  }

  #arrives(host: Host): void {
    this.#refuseStopped()
    this.#coming = undefined
    this.#host = host
    this.#log = host.log
  }

  #refuseStopped(): void {
    if (this.#isStopped) throw new MailwrightError('MAIL_E_START', 'stopped before the start was over')
  }

  async #giveUpRights(host: Host, file: string): Promise<void> {
    await host.bind()
    try {
      if (isWorker) await allAreBound()
      host.log.info('starting', { text: 'runs as', ...becomeUser(host.settings) })
    } catch (error) {
      await host.stop()
      throw error
    }
    if (!canRead(file))
      host.log.warn('starting', {
        text: `${host.settings.user} cannot read the config: no reload will work`,
        file,
      })
  }

  async #refuseUnclaimed(host: Host): Promise<void> {
    const { unclaimed } = this.#inherited
    if (unclaimed.length === 0) return
    await host.stop()
    const problem = `no listener is for what the service manager has opened: ${unclaimed.join(', ')}`
    throw new MailwrightError('MAIL_E_START', problem)
  }

  #hostOf({ config, folder }: LoadedConfig): Host {
    return createHost(config, {
      folder,
      listeners: this.#pool,
      counted: this.#counted,
      kept: this.#kept,
      peers: this.#peers,
    })
  }

  /** The changed config. ConfigError where it wants what is done once, before the plugins start. */
  async #next({ settings }: Host): Promise<Host> {
    const next = this.#hostOf(await loadConfig(this.#folder, this.#file))
    for (const setting of ['user', 'group', 'workers'] as const)
      if (next.settings[setting] !== settings[setting])
        throw new ConfigError(setting, 'cannot change while the server runs: stop it, and start it again')
    return next
  }

  /**
   * Takes the config as it is now: the new plugins start beside the old ones, take over the listeners, and the old ones
   * finish their sessions, before it is over and another one begins. Where anything is wrong the old system goes on; answers
   * whether the new one runs.
   */
  async reload(): Promise<boolean> {
    const taken = this.#changing.then(() => this.#reload())
    this.#changing = taken.catch(() => undefined)
    const done = await taken
    await this.#leaving
    return done
  }

  async #reload(): Promise<boolean> {
    await Promise.race([this.#leaving, this.#stopped.promise])
    const old = this.#host
    if (old === undefined || this.#isStopped) return false
    old.log.info('reloading')
    let next: Host
    try {
      next = await this.#next(old)
      this.#comes(next)
      tellWarnings(next)
      await next.start()
    } catch (error) {
      this.#refuse(old, error)
      return false
    }
    try {
      this.#listeners = await next.serve()
      this.#arrives(next)
    } catch (error) {
      this.#refuse(old, error)
      if (!this.#isStopped) this.#listeners = await old.listen()
      return false
    }
    next.log.info('reloaded', { listeners: this.#listeners })
    this.#leaving = old.stop().catch((error: unknown) => next.log.error('plugin-failed', { error }))
    return true
  }

  #refuse(old: Host, error: unknown): void {
    this.#coming = undefined
    if (!this.#isStopped) old.log.error('reload-refused', { error })
  }

  /** What this worker says where another one asks; undefined where it does not run. Never rejects. */
  async answer(question: Question): Promise<unknown> {
    return question === 'metrics'
      ? this.#host?.instruments.metrics.own(true)
      : this.#host?.instruments.health.own()
  }

  /**
   * Finishes the sessions and stops everything, also what is being started and what finishes its sessions since a reload;
   * MAIL_E_STOP where a plugin could not.
   */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopped.resolve()
    const hosts = [this.#host, this.#coming].filter((host) => host !== undefined)
    const [first] = hosts
    this.#host = undefined
    this.#coming = undefined
    if (first === undefined) return
    first.log.info('stopping')
    const stopped = await Promise.allSettled([...hosts.map((host) => host.stop()), this.#leaving])
    const [failure, ...others] = stopped.filter((outcome) => outcome.status === 'rejected')
    for (const { reason } of others) first.log.error('plugin-failed', { error: reason })
    if (failure !== undefined) throw failure.reason
    first.log.info('stopped')
  }
}

/** What the config of several workers lacks is told once, by the process that keeps them. */
function tellWarnings({ log, warnings }: Host): void {
  if (!isWorker) for (const text of warnings) log.warn('starting', { text })
}
