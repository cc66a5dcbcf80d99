import { networksInclude, parseNetwork } from 'mailwright'

// RFC 6890: networks that are nobody's in particular. IPv4 addresses that are written as IPv6 ones are another spelling of a few of them.
const special = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/128', '::1/128', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
].flatMap((text) => parseNetwork(text) ?? [])

/** Whether an address is one of the public network. Others are of this machine or its neighbours, whom strangers must not have us ask. */
export function isPublicAddress(address: string): boolean {
  return !networksInclude(special, address)
}
