import { definePlugin, type PluginFactory, tokens } from 'mailwright'
import { readAnswer } from './answer.ts'
import { AnswerCache } from './answer-cache.ts'
import { Endpoint } from './endpoint.ts'
import { type IntrospectionInput, type IntrospectionOptions, parseOptions } from './options.ts'

export type { IntrospectionInput, IntrospectionOptions } from './options.ts'

/** Bearer tokens, verified by asking the provider that gave them out. */
const plugin: PluginFactory<IntrospectionInput> = definePlugin<IntrospectionOptions, IntrospectionInput>({
  name: 'oauth-introspection',
  provides: [tokens],
  parseOptions,
  setup({ provide, clock }, options) {
    const endpoint = new Endpoint(options, clock)
    const cache = new AnswerCache(options.cacheFor, clock)
    const { scope, openidConfiguration } = options
    provide(tokens, {
      hints: {
        ...(scope === undefined ? {} : { scope }),
        ...(openidConfiguration === undefined ? {} : { openidConfiguration }),
      },
      introspect: (token) =>
        cache.get(token, async () => readAnswer(await endpoint.ask(token), options, clock.now())),
    })
    return { stop: async () => endpoint.stop() }
  },
})

export default plugin
