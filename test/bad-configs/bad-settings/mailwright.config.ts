import { defineConfig } from 'mailwright'
import queue from 'mailwright/plugins/queue'

export default defineConfig({
  hostname: 'mail_server',
  dataDir: '',
  workers: 0,
  plugins: [queue()],
  log: { level: 'inof' },
  history: { retentionDays: 1.5 },
  resolver: { servers: ['ns.example.org'] },
})
