// DANE for SMTP: what a host's TLSA records demand, and whether a server fulfils it.
export { peerChain } from './peer-chain.ts'
export { danePolicy } from './policy.ts'
export { verifyDane } from './verify.ts'
