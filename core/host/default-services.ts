import type { Clock } from '../clock.ts'
import { createImapExtensions } from '../imap/registry.ts'
import type { Log } from '../log.ts'
import { createLocalNotifier } from '../notifier.ts'
import { createResolver } from '../resolver.ts'
import { type History, history } from '../services/history.ts'
import { imapExtensions } from '../services/imap-extensions.ts'
import type { ServiceKey } from '../services/key.ts'
import { notifier } from '../services/notifier.ts'
import { type Resolver, resolver } from '../services/resolver.ts'
import type { ServiceRegistry } from './registry.ts'
import type { HostSettings } from './settings.ts'

/** What the core itself provides; a plugin that provides one of them replaces it. */
export const defaultServices: readonly ServiceKey<unknown>[] = [history, imapExtensions, notifier, resolver]

interface Surroundings {
  readonly history: History
  readonly resolver: Resolver | undefined
  readonly log: Log
  readonly clock: Clock
  readonly settings: HostSettings
}

export function provideDefaults(services: ServiceRegistry, given: Surroundings): void {
  const { log, clock, settings } = given
  services.provideDefault(history, given.history)
  services.provideDefault(imapExtensions, createImapExtensions())
  services.provideDefault(notifier, createLocalNotifier(log))
  services.provideDefault(resolver, given.resolver ?? createResolver(clock, settings.resolver))
}
