import { defineConfig } from 'mailwright'
import queue from 'mailwright/plugins/queue'

export default defineConfig({ plugins: [queue] })
