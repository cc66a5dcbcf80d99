import { defineConfig } from 'mailwright'
import queue from 'mailwright/plugins/queue'

export default defineConfig({ plugins: [queue()], hookTimeout: '30 seconds', drainTimeout: -1 })
