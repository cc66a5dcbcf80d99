import { defineConfig, definePlugin, noOptions } from 'mailwright'

const run = async () => ({ json: [], text: '' })

const spam = definePlugin({
  name: 'spam',
  parseOptions: noOptions,
  setup: () => undefined,
  commands: () => [
    { name: 'trace', summary: 'a word of the core', run },
    { name: 'check spam', summary: 'never reached', run },
    { name: 'user spam', summary: 'one more of a group', run },
  ],
})

const learn = definePlugin({
  name: 'learn',
  parseOptions: noOptions,
  setup: () => undefined,
  commands: () => [{ name: 'learn', summary: 'fine', run }],
})

export default defineConfig({ hostname: 'mail.example.org', plugins: [spam(), learn()] })
