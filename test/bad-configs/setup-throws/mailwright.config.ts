import { defineConfig, definePlugin, noOptions } from 'mailwright'

const greylist = definePlugin({
  name: 'greylist',
  parseOptions: noOptions,
  setup() {
    throw new Error('the list of today is not written yet')
  },
})

export default defineConfig({ plugins: [greylist()] })
