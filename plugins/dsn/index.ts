import { definePlugin, type PluginFactory, statusNotifications } from 'mailwright'
import { Notifications } from './notifications.ts'
import { type DsnInput, type DsnOptions, parseOptions } from './options.ts'
import { previewCommand } from './preview.ts'

export type { DsnInput, DsnOptions } from './options.ts'
export type { ReasonTexts, Text, TextChanges, TextFacts, TextKind, Texts } from './texts.ts'

/** Tells senders what has become of their messages (bounces, delays, deliveries); see README.md. */
const plugin: PluginFactory<DsnInput> = definePlugin<DsnOptions, DsnInput>({
  name: 'dsn',
  provides: [statusNotifications],
  parseOptions,
  setup({ provide, hostname, clock, log }, options) {
    provide(statusNotifications, new Notifications(options, { hostname, clock, log }))
  },
  commands: (context, options) => [previewCommand(options, context)],
})

export default plugin
