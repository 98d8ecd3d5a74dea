using System.Collections.Concurrent;

namespace Portcullis.Authority;

/// <summary>
/// Counts what failed, by account and by address, and makes whoever fails too often wait. An account that doesn't exist is counted like one that does. In memory, bounded; each node counts for itself.
/// </summary>
internal sealed class SignInLimits(AuthorityOptions options, TimeProvider clock)
{
    private const int MaxKeys = 50_000;
    private static readonly TimeSpan s_addressWindow = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_accountWindow = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<string, Window> _windows = new(StringComparer.OrdinalIgnoreCase);

    // Not the clock on the wall: set forward and back, it would lock people out for as long.
    private TimeSpan Now => clock.GetElapsedTime(0);

    /// <summary>How long this address, and where one is named this account, must wait; null when it may try.</summary>
    public TimeSpan? MustWait(string? address, string? account)
    {
        TimeSpan? byAddress = Remaining("a:" + Network(address), options.MaxFailuresPerAddress);
        TimeSpan? byAccount = account is null ? null : Remaining("n:" + account, options.MaxFailedSignIns);
        return byAddress > byAccount || byAccount is null ? byAddress : byAccount;
    }

    public void CountFailure(string? address, string? account)
    {
        Count("a:" + Network(address), s_addressWindow);
        if (account is not null)
        {
            Count("n:" + account, s_accountWindow);
        }
    }

    public void ForgetAccount(string account) => _windows.TryRemove("n:" + account, out _);

    // A household or a server has a whole /64 (RFC 6177): counting single addresses of it would bound nothing.
    private static string Network(string? address) =>
        System.Net.IPAddress.TryParse(address, out System.Net.IPAddress? ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 && !ip.IsIPv4MappedToIPv6
            ? Convert.ToHexString(ip.GetAddressBytes().AsSpan(0, 8))
            : address ?? "";

    private TimeSpan? Remaining(string key, int limit)
    {
        TimeSpan now = Now;
        return _windows.TryGetValue(key, out Window? window) && window.EndsAt > now && window.Failures >= limit ? window.EndsAt - now : null;
    }

    private void Count(string key, TimeSpan length)
    {
        TimeSpan now = Now;
        if (_windows.Count >= MaxKeys)
        {
            foreach (var old in _windows.Where(w => w.Value.EndsAt <= now))
            {
                _windows.TryRemove(old);
            }

            if (_windows.Count >= MaxKeys)
            {
                return;
            }
        }

        _windows.AddOrUpdate(
            key,
            static (_, state) => new Window(1, state.now + state.length),
            static (_, window, state) => window.EndsAt <= state.now ? new Window(1, state.now + state.length) : window with { Failures = window.Failures + 1 },
            (now, length));
    }

    private sealed record Window(int Failures, TimeSpan EndsAt);
}
