import { definePlugin, noOptions, type PluginInstance, type TokenFacts, tokens } from 'mailwright'

/** Stands for a provider that knows one token, `good-token`, and whose it is. */
export function knownToken(login: string): PluginInstance {
  const plugin = definePlugin({
    name: 'known-token',
    provides: [tokens],
    parseOptions: noOptions,
    setup({ provide }) {
      const introspect = async (token: string): Promise<TokenFacts> =>
        token === 'good-token' ? { active: true, login } : { active: false }
      provide(tokens, { hints: {}, introspect })
    },
  })
  return plugin()
}
