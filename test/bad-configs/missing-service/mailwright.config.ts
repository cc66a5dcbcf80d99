import { defineConfig } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import queue from 'mailwright/plugins/queue'

export default defineConfig({ plugins: [localDelivery(), queue()] })
