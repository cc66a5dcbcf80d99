import { type Config, defineConfig } from 'mailwright'
import queue from 'mailwright/plugins/queue'

export const config: Config = defineConfig({ plugins: [queue()] })
