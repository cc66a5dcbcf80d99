import { defineConfig } from 'mailwright'
import memory from 'mailwright/plugins/memory'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({ plugins: [memory(), smtp({ role: 'submission' })] })
