import { defineConfig, definePlugin, noOptions } from 'mailwright'

const greylist = definePlugin({
  name: 'greylist',
  parseOptions: noOptions,
  setup({ hooks }) {
    hooks.envelope.checkRecipient.tap('first', async () => undefined, { before: 'greylist/second' })
    hooks.envelope.checkRecipient.tap('second', async () => undefined, { before: 'greylist/first' })
  },
})

export default defineConfig({ plugins: [greylist()] })
