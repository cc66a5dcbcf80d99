import { defineConfig, definePlugin } from 'mailwright'

const greylist = definePlugin({
  name: 'greylist',
  parseOptions: (input) => ({ networks: input.networks.split(',') }),
  setup: () => undefined,
})

export default defineConfig({ plugins: [greylist()] })
