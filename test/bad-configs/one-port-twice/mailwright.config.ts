import { defineConfig } from 'mailwright'
import memory from 'mailwright/plugins/memory'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  plugins: [
    memory(),
    smtp({ role: 'transfer', port: 2525 }, { as: 'transfer' }),
    smtp({ role: 'submission', port: 2525, allowPlaintextAuth: true }, { as: 'submission' }),
  ],
})
