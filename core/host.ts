import { join } from 'node:path'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { ConfigError, type ConfigFault, errorText, MailwrightError } from './errors.ts'
import type { Flow } from './flow/flow.ts'
import { createFlow } from './flow/index.ts'
import { createFileHistory } from './history/file-history.ts'
import { HookSet } from './host/hook-set.ts'
import {
  createListenerPool,
  keyOf,
  type ListenerPool,
  type ListenRequest,
  type OpenListener,
} from './host/listeners.ts'
import { createObserver } from './host/observer.ts'
import { type PlannedPlugin, planPlugins } from './host/plan.ts'
import { ServiceRegistry } from './host/registry.ts'
import { type HostSettings, readSettings } from './host/settings.ts'
import { stepError, withinTime } from './host/steps.ts'
import { createLog, type Log } from './log.ts'
import { createSpool } from './message/spool.ts'
import { createLocalNotifier } from './notifier.ts'
import type { Lifecycle, PluginCommand, PluginContext } from './plugin.ts'
import { createResolver } from './resolver.ts'
import { history } from './services/history.ts'
import type { ServiceKey } from './services/key.ts'
import { notifier } from './services/notifier.ts'
import { type Resolver, resolver } from './services/resolver.ts'

/** What the surroundings give a host; tests replace some of it. */
export interface HostOptions {
  /** Where relative paths of the config start: its folder. The working folder where absent. */
  readonly folder?: string
  readonly clock?: Clock
  readonly log?: Log
  readonly resolver?: Resolver
  /** Shared by the hosts of a reload. */
  readonly listeners?: ListenerPool
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
  readonly #clock: Clock
  readonly #pool: ListenerPool
  readonly #services = new ServiceRegistry()
  readonly #plugins: RunningPlugin[] = []
  readonly #requests: ListenRequest[] = []
  readonly #history: ReturnType<typeof createFileHistory>
  readonly #flowFor: (plugin: string) => Flow
  readonly #settled: () => Promise<void>
  #started: RunningPlugin[] = []
  #stopping: Promise<void> | undefined

  /** Throws ConfigError with all faults, or MAIL_E_SETUP naming the plugin. Nothing has been opened then. */
  constructor(config: Config, options: HostOptions = {}) {
    const faults: ConfigFault[] = []
    this.settings = readSettings(config, options.folder ?? process.cwd(), faults)
    this.#clock = options.clock ?? systemClock
    this.log = options.log ?? createLog(this.settings.logLevel)
    this.#pool = options.listeners ?? createListenerPool()
    this.#history = createFileHistory(
      join(this.settings.dataDir, 'history'),
      this.settings.historyDays,
      this.#clock,
      this.log,
    )
    this.#services.provideDefault(history, this.#history)
    this.#services.provideDefault(notifier, createLocalNotifier(this.log))
    this.#services.provideDefault(resolver, options.resolver ?? createResolver(this.#clock))
    const observer = createObserver(() => this.service(history), this.log, this.#clock)
    this.hooks = new HookSet({ clock: this.#clock, timeout: this.settings.hookTimeout, observer })
    const flow = createFlow({
      hooks: this.hooks,
      services: this.#services,
      log: this.log,
      clock: this.#clock,
    })
    this.#flowFor = flow.flowFor
    this.flow = flow.flowFor('core')
    this.#settled = flow.settled
    const plan = planPlugins(this.settings.plugins, [history, notifier, resolver], faults)
    if (faults.length > 0) throw new ConfigError(faults)
    this.#setUp(plan)
  }

  #setUp(plan: readonly PlannedPlugin[]): void {
    const spool = createSpool(join(this.settings.dataDir, 'spool'))
    const migrations = plan.flatMap(({ name, definition }) =>
      definition.migrations === undefined ? [] : [{ plugin: name, migrations: definition.migrations }],
    )
    for (const plugin of plan) {
      const context: PluginContext = {
        name: plugin.name,
        hooks: this.hooks.facade(plugin.name, plugin.position),
        use: (key) => this.#services.use(plugin, key),
        useOptional: (key) => this.#services.useOptional(plugin, key),
        provide: (key, service) => this.#services.provide(plugin, key, service),
        listen: (listen, onConnection) =>
          this.#requests.push({ plugin: plugin.name, options: listen, onConnection }),
        flow: this.#flowFor(plugin.name),
        spool,
        log: this.log.child({ plugin: plugin.name }),
        clock: this.#clock,
        hostname: this.settings.hostname,
        dataDir: this.settings.dataDir,
        migrations,
      }
      try {
        const lifecycle = plugin.definition.setup(context, plugin.options) ?? {}
        this.#services.check(plugin)
        const commands = plugin.definition.commands?.(context, plugin.options) ?? []
        this.#plugins.push({ plan: plugin, lifecycle, commands })
      } catch (error) {
        throw stepError('MAIL_E_SETUP', plugin.path, 'setup', error)
      }
    }
    this.hooks.freeze()
    this.#checkListeners()
  }

  #checkListeners(): void {
    const taken = new Map<string, string>()
    for (const request of this.#requests) {
      const { host, port } = request.options
      const other = taken.get(keyOf(request))
      if (other === undefined) taken.set(keyOf(request), request.plugin)
      else
        throw new ConfigError('plugins', `${other} and ${request.plugin} both listen on ${host} port ${port}`)
    }
  }

  /** Names of the plugins in the order in which they start. */
  get plugins(): readonly string[] {
    return this.#plugins.map(({ plan }) => plan.name)
  }

  /** The commands that plugins add. */
  get commands(): readonly PluginCommand[] {
    return this.#plugins.flatMap((plugin) => plugin.commands)
  }

  /** MAIL_E_SERVICE where nobody provides it. */
  service<Service>(key: ServiceKey<Service>): Service {
    return this.#services.get(key)
  }

  /** Starts the plugins in the order of their dependencies. Where one fails, those before it are stopped again. */
  async start(): Promise<void> {
    await this.#history.open()
    for (const plugin of this.#plugins) {
      const { name } = plugin.plan
      this.#started.push(plugin)
      try {
        await withinTime(this.#clock, name, 'start', this.settings.pluginTimeout, () =>
          plugin.lifecycle.start?.(),
        )
      } catch (error) {
        await this.stop().catch((stopError) =>
          this.log.error('plugin-failed', { plugin: name, error: stopError }),
        )
        throw stepError('MAIL_E_START', name, 'start', error)
      }
    }
  }

  /** Opens the listeners and lets the plugins begin their own work. Call `start` first. Stops everything on failure. */
  async serve(): Promise<readonly OpenListener[]> {
    let step = 'listen'
    try {
      const listeners = await this.listen()
      for (const { plan, lifecycle } of this.#plugins) {
        step = plan.name
        await withinTime(this.#clock, plan.name, 'serve', this.settings.pluginTimeout, () =>
          lifecycle.serve?.(),
        )
      }
      return listeners
    } catch (error) {
      await this.stop().catch((stopError) => this.log.error('plugin-failed', { error: stopError }))
      throw step === 'listen' ? error : stepError('MAIL_E_START', step, 'serve', error)
    }
  }

  /** Opens this host's listeners, or takes them back after a reload that failed. */
  listen(): Promise<readonly OpenListener[]> {
    return this.#pool.adopt(this, this.#requests)
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
    const problems: string[] = []
    await this.#pool.release(this)
    const cut = this.#clock.after(this.settings.drainTimeout, () => this.#pool.cut(this))
    const time = this.settings.drainTimeout + this.settings.pluginTimeout
    for (const { plan, lifecycle } of this.#started.toReversed()) {
      try {
        await withinTime(this.#clock, plan.name, 'stop', time, () => lifecycle.stop?.())
      } catch (error) {
        problems.push(errorText(stepError('MAIL_E_STOP', plan.name, 'stop', error)))
      }
    }
    this.#started = []
    cut.cancel()
    this.#pool.cut(this)
    await this.#settled()
    await this.#history.close()
    if (problems.length > 0) throw new MailwrightError('MAIL_E_STOP', problems.join('; '))
  }
}

/** Makes a host; see {@link Host}. */
export function createHost(config: Config, options: HostOptions = {}): Host {
  return new Host(config, options)
}
