import { join } from 'node:path'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { ConfigError, type ConfigFault, MailwrightError } from './errors.ts'
import type { Flow } from './flow/flow.ts'
import { createFlow } from './flow/index.ts'
import { createFileHistory } from './history/file-history.ts'
import { checkPlugins, type Excuse } from './host/check-plugins.ts'
import { type InstanceCommands, namedCommands } from './host/commands.ts'
import { defaultServices, provideDefaults } from './host/default-services.ts'
import { undelivered } from './host/delivery-check.ts'
import { guardedConnection } from './host/guarded-connection.ts'
import { HookSet } from './host/hook-set.ts'
import { type InstrumentOptions, Instruments } from './host/instruments.ts'
import { type KeptPath, keptPathsOf } from './host/kept-paths.ts'
import { type KeptValues, keptValue } from './host/kept-values.ts'
import { doubtsOf, lifecycleOf } from './host/lifecycle.ts'
import { strangeRoles } from './host/listen-faults.ts'
import {
  createListenerPool,
  type ListenerPool,
  type ListenRequest,
  type OpenListener,
} from './host/listeners.ts'
import { createObserver } from './host/observer.ts'
import { type PlannedPlugin, planPlugins } from './host/plan.ts'
import { unreadPostmaster } from './host/postmaster-check.ts'
import { ServiceRegistry } from './host/registry.ts'
import { setUpEach } from './host/set-up.ts'
import { type HostSettings, readSettings } from './host/settings.ts'
import { stepError, withinTime } from './host/steps.ts'
import { stopPlugins } from './host/stop-plugins.ts'
import { MissedHooks } from './host/unknown-hook.ts'
import { WaitingConnections } from './host/waiting-connections.ts'
import { checkWholeConfig } from './host/whole-config.ts'
import { throwTogether } from './joint-faults.ts'
import { createLog, type Log } from './log.ts'
import { createSpool, type Spool } from './message/spool.ts'
import type { Lifecycle, PluginCommand, PluginContext } from './plugin.ts'
import { history } from './services/history.ts'
import type { ServiceKey } from './services/key.ts'
import type { Resolver } from './services/resolver.ts'
import { store } from './services/store.ts'

/** What the surroundings give a host; tests replace some of it. */
export interface HostOptions extends InstrumentOptions {
  /** Where relative paths of the config start: its folder. The working folder where absent. */
  readonly folder?: string
  readonly clock?: Clock
  readonly log?: Log
  readonly resolver?: Resolver
  /** Shared by the hosts of a reload. */
  readonly listeners?: ListenerPool
  /** What plugins have kept before; shared likewise. */
  readonly kept?: KeptValues
}

/** A plugin that has been set up. */
interface RunningPlugin {
  readonly plan: PlannedPlugin
  readonly lifecycle: Lifecycle
  readonly commands: readonly PluginCommand[]
}

/** One mail system: the plugins of a config, checked, set up, and started and stopped together. */
export class Host {
  readonly settings: HostSettings
  readonly hooks: HookSet
  /** For work that no plugin does: the `deliver` command, tests. */
  readonly flow: Flow
  readonly log: Log
  readonly instruments: Instruments
  readonly #clock: Clock
  readonly #pool: ListenerPool
  readonly #kept: KeptValues
  readonly #services = new ServiceRegistry()
  readonly #plugins: RunningPlugin[] = []
  readonly #requests: ListenRequest[] = []
  readonly #spool: Spool
  readonly #history: ReturnType<typeof createFileHistory>
  readonly #flowFor: (plugin: string) => Flow
  readonly #settled: () => Promise<void>
  readonly #early = new WaitingConnections()
  readonly #doubts: string[] = []
  #started: RunningPlugin[] = []
  /** What `start` or `serve` is doing. */
  #running: Promise<unknown> = Promise.resolve()
  #stopping: Promise<void> | undefined

  /** Throws ConfigError with all faults, or MAIL_E_SETUP naming the plugin. Nothing has been opened then. */
  constructor(config: Config, options: HostOptions = {}) {
    const faults: ConfigFault[] = []
    this.settings = readSettings(config, options.folder ?? process.cwd(), faults)
    const { dataDir, historyDays, logLevel, hookTimeout: timeout } = this.settings
    this.#clock = options.clock ?? systemClock
    this.#pool = options.listeners ?? createListenerPool()
    this.#kept = options.kept ?? new Map()
    this.#spool = createSpool(join(dataDir, 'spool'))
    this.instruments = new Instruments(options.log ?? createLog(logLevel), this.#clock, this.#spool, options)
    this.log = this.instruments.log
    this.#history = createFileHistory(join(dataDir, 'history'), historyDays, this.#clock, this.log)
    const { log, settings } = this
    const [services, clock] = [this.#services, this.#clock]
    provideDefaults(services, { history: this.#history, resolver: options.resolver, log, clock, settings })
    const { hooks: taps, flow: metrics } = this.instruments
    const observer = createObserver(() => this.service(history), log, clock, taps)
    this.hooks = new HookSet({ clock, timeout, observer, durations: taps.durations })
    const flow = createFlow({ hooks: this.hooks, services, log, clock, timeout, metrics })
    this.#flowFor = flow.flowFor
    this.flow = flow.flowFor('core')
    this.#settled = flow.settled
    const plan = planPlugins(settings.plugins, defaultServices, faults)
    if (faults.length > 0) throw new ConfigError(faults)
    this.#setUp(plan)
  }

  #setUp(plan: readonly PlannedPlugin[]): void {
    this.#plugins.push(...setUpEach(plan, (plugin) => this.#setUpPlugin(plugin, plan)))
    this.hooks.freeze()
    const [requests, commands, { workers }] = [this.#requests, this.#commands, this.settings]
    checkWholeConfig({ requests, commands, workers, store: this.#services.find(store) })
  }

  #setUpPlugin(plugin: PlannedPlugin, plan: readonly PlannedPlugin[]): RunningPlugin {
    let done = false
    const missed = new MissedHooks()
    const inSetup = (call: string) => {
      if (done)
        throw new MailwrightError('MAIL_E_SETUP', `${plugin.name} can call \`${call}\` only in its setup`)
    }
    const context: PluginContext = {
      name: plugin.name,
      hooks: missed.watching(this.hooks.facade(plugin.name, plugin.position)),
      use: (key) => this.#services.use(plugin, key),
      useOptional: (key) => this.#services.useOptional(plugin, key),
      provide: (key, service) => {
        inSetup('provide')
        this.#services.provide(plugin, key, service)
      },
      listen: (options, onConnection) => {
        inSetup('listen')
        this.#requests.push({
          plugin: plugin.name,
          options,
          onConnection: guardedConnection(this.log, plugin.name, onConnection),
        })
      },
      flow: this.#flowFor(plugin.name),
      spool: this.#spool,
      log: this.log.child({ plugin: plugin.name }),
      clock: this.#clock,
      keep: (name, make) => keptValue(this.#kept, plugin, name, make),
      metrics: this.instruments.metrics,
      health: this.instruments.healthFor(plugin.name),
      hostname: this.settings.hostname,
      rolesListenedFor: () => this.rolesListenedFor,
      dataDir: this.settings.dataDir,
      migrations: plan.flatMap(({ name, definition: { migrations } }) =>
        migrations === undefined ? [] : [{ plugin: name, migrations }],
      ),
    }
    const answer = missed.naming(() => plugin.definition.setup(context, plugin.options))
    const lifecycle = lifecycleOf(plugin.name, answer, this.#doubts)
    this.#services.check(plugin)
    const commands = plugin.definition.commands?.(context, plugin.options) ?? []
    done = true
    return { plan: plugin, lifecycle, commands }
  }

  /** Names of the plugins in the order in which they start. */
  get plugins(): readonly string[] {
    return this.#plugins.map(({ plan }) => plan.name)
  }

  get keptPaths(): readonly KeptPath[] {
    return keptPathsOf(this.#plugins)
  }

  get rolesListenedFor(): ReadonlySet<string> {
    return new Set(this.#requests.map(({ options }) => options.role))
  }

  /** What the config lacks, as far as that is no fault. */
  get warnings(): readonly string[] {
    const ofPlugins = doubtsOf(this.#plugins)
    const { delivery } = this.hooks.points
    return [...this.#doubts, ...strangeRoles(this.#requests), ...undelivered(delivery), ...ofPlugins]
  }

  /** The commands that plugins add; see {@link namedCommands}. */
  get commands(): readonly PluginCommand[] {
    return namedCommands(this.#commands)
  }

  get #commands(): readonly InstanceCommands[] {
    return this.#plugins.map(({ plan, commands }) => ({ ...plan, commands }))
  }

  /** MAIL_E_SERVICE where nobody provides it. */
  service<Service>(key: ServiceKey<Service>): Service {
    return this.#services.get(key)
  }

  /** Opens the ports before `start`, while the process may; connections wait until `serve`. Unix sockets come later. */
  async bind(): Promise<void> {
    const ports = this.#requests.filter(({ options }) => options.path === undefined)
    await this.#orStop(() => this.#pool.adopt(this, this.#early.instead(ports)))
  }

  /** Starts the plugins in the order of their dependencies. Where one fails, those before it are stopped again. */
  start(): Promise<void> {
    return this.#orStop(async () => {
      await this.#history.open()
      for (const plugin of this.#plugins) await this.#step(plugin, 'start')
    })
  }

  /** Lets the plugins read what a server will not serve without. Needs no start. What is excused becomes a warning. */
  async check(excuse?: Excuse): Promise<void> {
    const check = (plugin: RunningPlugin) => this.#step(plugin, 'check')
    const excused = await checkPlugins(this.#plugins, check, () => this.#stopping, excuse)
    const doubts = await unreadPostmaster(this, this.#clock, this.#started.length > 0)
    this.#doubts.push(...excused, ...doubts)
    for (const text of doubts) this.log.warn('starting', { text })
  }

  /**
   * Lets the plugins check their files and begin their own work, and opens the listeners, those last, so that after a
   * failure the listeners of an older host are still its own. Call `start` first. Stops everything on failure.
   */
  serve(): Promise<readonly OpenListener[]> {
    return this.#orStop(async () => {
      await this.check()
      for (const plugin of this.#plugins) await this.#step(plugin, 'serve')
      return this.listen()
    })
  }

  async #orStop<T>(run: () => Promise<T>): Promise<T> {
    const running = run()
    this.#running = running
    try {
      return await running
    } catch (error) {
      await this.stop().catch((stopError) => this.log.error('plugin-failed', { error: stopError }))
      throw error
    }
  }

  async #step(plugin: RunningPlugin, step: 'start' | 'check' | 'serve'): Promise<void> {
    const { name } = plugin.plan
    if (this.#stopping !== undefined)
      throw new MailwrightError('MAIL_E_START', `stopped before ${name} could ${step}`)
    // What fails half-way is stopped too.
    if (step === 'start') this.#started.push(plugin)
    try {
      await withinTime(this.#clock, name, step, this.settings.pluginTimeout, () => plugin.lifecycle[step]?.())
    } catch (error) {
      throw stepError('MAIL_E_START', name, step, error)
    }
  }

  /** Opens this host's listeners, or takes them back after a reload that failed. */
  async listen(): Promise<readonly OpenListener[]> {
    const open = await this.#pool.adopt(this, this.#requests)
    this.#early.letIn()
    this.instruments.state = 'running'
    return open
  }

  /**
   * Closes the listeners, lets the plugins finish their sessions and stops them, last started first. Connections that
   * are left after `drainTimeout` are cut. Every plugin gets its chance; what failed is told together as MAIL_E_STOP.
   * Only the first call counts.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.instruments.state = 'stopping'
    // A step that is being taken is finished first, and no other is begun.
    await this.#running.catch(() => undefined)
    await this.#pool.release(this)
    const [started, settled, cut] = [this.#started, this.#settled, () => this.#pool.cut(this)]
    const faults = await stopPlugins(started, { ...this.settings, clock: this.#clock, settled, cut })
    this.#started = []
    await this.#history.close()
    this.instruments.stop()
    throwTogether('MAIL_E_STOP', faults)
  }
}

/** Makes a host; see {@link Host}. */
export function createHost(config: Config, options: HostOptions = {}): Host {
  return new Host(config, options)
}
