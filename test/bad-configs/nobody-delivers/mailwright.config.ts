import { defineConfig } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  plugins: [
    memory(),
    localDelivery(),
    relay({ networks: ['127.0.0.1'] }),
    smtp({ role: 'transfer', port: 2525 }),
  ],
})
