import { defineConfig } from 'mailwright'
import acme from 'mailwright/plugins/acme'
import certificates from 'mailwright/plugins/certificates'

export default defineConfig({
  plugins: [
    certificates(),
    acme({ agreeToTerms: false, certificates: [{ names: ['*.example.org'] }], contact: ['postmaster'] }),
  ],
})
