import { defineConfig, definePlugin, noOptions } from 'mailwright'

const greylist = definePlugin({
  name: 'greylist',
  parseOptions: noOptions,
  setup({ hooks }) {
    hooks.envelope.checkRecipient.tap('seen-before', async () => undefined)
    hooks.envelope.checkRecipient.tap('seen-before', async () => undefined)
  },
})

export default defineConfig({ plugins: [greylist()] })
