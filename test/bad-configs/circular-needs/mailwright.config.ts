import { defineConfig, definePlugin, noOptions, serviceKey } from 'mailwright'

const greylist = serviceKey('example-greylist', 'who has been here before')
const reputation = serviceKey('example-reputation', 'what is known of a client')

const first = definePlugin({
  name: 'greylist',
  provides: [greylist],
  requires: [reputation],
  parseOptions: noOptions,
  setup: ({ provide }) => void provide(greylist, {}),
})
const second = definePlugin({
  name: 'reputation',
  provides: [reputation],
  requires: [greylist],
  parseOptions: noOptions,
  setup: ({ provide }) => void provide(reputation, {}),
})

export default defineConfig({ plugins: [first(), second()] })
