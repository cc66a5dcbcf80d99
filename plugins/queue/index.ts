import { definePlugin, emptyQueue, type NoOptions, noOptions, type PluginFactory, queue } from 'mailwright'
import { DirectQueue } from './direct-queue.ts'

/** Takes responsibility only for what is delivered at once; see README.md. */
const plugin: PluginFactory<NoOptions> = definePlugin({
  name: 'queue',
  provides: [queue],
  parseOptions: noOptions,
  setup({ provide, flow }) {
    const direct = new DirectQueue(flow.delivery)
    provide(queue, {
      supports: direct.supports,
      accept: (submission) => direct.accept(submission),
      ...emptyQueue,
    })
    return { stop: () => direct.close() }
  },
})

export default plugin
