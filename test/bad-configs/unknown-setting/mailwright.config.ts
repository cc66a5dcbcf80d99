import { defineConfig } from 'mailwright'
import queue from 'mailwright/plugins/queue'

export default defineConfig({ hostName: 'mail.example.org', plugins: [queue()], log: { levle: 'debug' } })
