import { defineConfig } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import localDelivery from 'mailwright/plugins/local-delivery'
import pop3 from 'mailwright/plugins/pop3'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: '-mail-',
  plugins: [
    localDelivery({ postmaster: 'nobody at all' }),
    queue(),
    certificates,
    smtp({ role: 'transfer', maxSize: '25MB', maxErrors: 0 }),
    smtp({ role: 'submision' }, { as: 'submission' }),
    pop3({ idleTimeout: '5m', maxConections: 10 }),
  ],
  pluginTimeout: 'soon',
})
