import { defineConfig } from 'mailwright'

enum Port {
  Transfer = 2525,
}

export default defineConfig({ hostname: `port-${Port.Transfer}`, plugins: [] })
