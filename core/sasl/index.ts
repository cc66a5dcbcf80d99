export { type ChannelBinding, type ChannelBindingType, channelBinding } from './channel-binding.ts'
export {
  runSaslExchange,
  type SaslCarrier,
  type SaslLine,
  type SaslOutcome,
  saslResponseLimit,
} from './exchange.ts'
export type { SaslContext, SaslMechanism, SaslStep } from './mechanism.ts'
export { beginMechanism, offeredMechanisms } from './offered.ts'
export { saslprep } from './saslprep.ts'
