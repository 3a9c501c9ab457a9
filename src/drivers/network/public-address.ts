import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * True for addresses of the public internet, and only those: global unicast by explicit classification, so that whatever a registry adds to the
 * special ones later, or we forgot, is refused and not reached. Takes literals as `net.isIP` knows them; anything else is not public.
 * Source: the IANA special-purpose address registries for IPv4 and IPv6.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !specialIPv4.check(address)
  if (!isIPv6(address)) return false
  const embedded = embeddedIPv4(address)
  if (embedded !== null) return !specialIPv4.check(embedded)
  return globalIPv6.check(address, 'ipv6') && !specialIPv6.check(address, 'ipv6')
}

const specialIPv4 = subnets('ipv4', [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT, also some clouds' metadata
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, most clouds' metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
])

/** Everything that is assigned for global unicast lies in here. */
const globalIPv6 = subnets('ipv6', ['2000::/3'])

const specialIPv6 = subnets('ipv6', [
  '2001::/23', // protocol assignments, Teredo, ORCHID, benchmarks
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: holds an IPv4 address of any kind
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
])

/** Written as IPv6, reached as IPv4: mapped addresses (`::ffff:127.0.0.1`) and NAT64 (`64:ff9b::7f00:1`). The inner address decides. */
const carriers = subnets('ipv6', ['::ffff:0:0/96', '64:ff9b::/96'])

function embeddedIPv4(address: string): string | null {
  if (!carriers.check(address, 'ipv6')) return null
  // The parser of addresses writes the last 32 bits as two groups, whatever form they came in.
  const [high, low] = new URL(`http://[${address.split('%')[0]}]`).hostname
    .slice(1, -1)
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group || '0', 16))
  return [high! >> 8, high! & 255, low! >> 8, low! & 255].join('.')
}

function subnets(family: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network, prefix] = range.split('/')
    list.addSubnet(network!, Number(prefix), family)
  }
  return list
}
