import { accounts, defineConfig, definePlugin, noOptions } from 'mailwright'

const greylist = definePlugin({
  name: 'greylist',
  parseOptions: noOptions,
  setup: ({ use }) => void use(accounts),
})

export default defineConfig({ plugins: [greylist()] })
