import { defineConfig } from 'mailwright'
import pop3 from 'mailwright/plugins/pop4'

export default defineConfig({ plugins: [pop3()] })
