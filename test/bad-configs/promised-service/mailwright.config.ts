import { defineConfig, definePlugin, noOptions, queue } from 'mailwright'

const forgetful = definePlugin({
  name: 'forgetful-queue',
  provides: [queue],
  parseOptions: noOptions,
  setup: () => undefined,
})

export default defineConfig({ plugins: [forgetful()] })
