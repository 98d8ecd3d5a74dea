using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using Portcullis.Access.Permissions;
using Portcullis.Authority.Issuing;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Portcullis.Authority.OAuth;

/// <summary>
/// A device hears at once that what it asks for can't be read, not after somebody has walked to a browser. Only scopes are kept with a code: what else narrows the request becomes part of them.
/// </summary>
internal sealed class ValidateDeviceScope(AuthorityOptions options) : IOpenIddictServerHandler<ValidateDeviceAuthorizationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateDeviceAuthorizationRequestContext>()
        .UseSingletonHandler<ValidateDeviceScope>()
        .SetOrder(int.MaxValue - 100_000)
        .Build();

    public ValueTask HandleAsync(ValidateDeviceAuthorizationRequestContext context)
    {
        if (!RequestedResources.TryRead(context.Request.Resources, options, out PermissionSet? repositories, out IssuingProblem? problem)
            || PermissionRequest.Read(context.Request.Scope, context.Request.GetParameter("authorization_details")?.ToString(), out problem, repositories) is not { } asked)
        {
            context.Reject(problem!.Error, problem.Description);
            return ValueTask.CompletedTask;
        }

        context.Request.Scope = asked.ToScope();

        return ValueTask.CompletedTask;
    }
}

/// <summary>Asks a device that polls more often than every five seconds to wait longer (RFC 8628 §3.5).</summary>
internal sealed class SlowDownPolling(TimeProvider clock) : IOpenIddictServerHandler<ValidateTokenRequestContext>
{
    private const int MaxCodes = 10_000;

    // A little less than the interval that clients are told: networks are not exact.
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(4);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _polled = new();

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenRequestContext>()
        .UseSingletonHandler<SlowDownPolling>()
        .SetOrder(OpenIddictServerHandlers.Exchange.ValidateDeviceCodeParameter.Descriptor.Order + 500)
        .Build();

    public ValueTask HandleAsync(ValidateTokenRequestContext context)
    {
        if (!context.Request.IsDeviceCodeGrantType() || context.Request.DeviceCode is not { } code)
        {
            return ValueTask.CompletedTask;
        }

        DateTimeOffset now = clock.GetUtcNow();
        if (_polled.Count >= MaxCodes)
        {
            foreach (var old in _polled.Where(entry => now - entry.Value > s_interval))
            {
                _polled.TryRemove(old);
            }
        }

        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(code)));
        var tooSoon = _polled.TryGetValue(key, out DateTimeOffset last) && now - last < s_interval;
        _polled[key] = now;
        if (tooSoon)
        {
            context.Reject("slow_down", "Ask every five seconds, and then five more after each of these answers.");
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Codes are typed in small letters, with spaces, without the hyphen: all are the same code (RFC 8628 §6.1).</summary>
internal sealed class ReadUserCodeAsTyped : IOpenIddictServerHandler<ExtractEndUserVerificationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ExtractEndUserVerificationRequestContext>()
        .UseSingletonHandler<ReadUserCodeAsTyped>()
        .SetOrder(int.MaxValue - 50_000)
        .Build();

    public ValueTask HandleAsync(ExtractEndUserVerificationRequestContext context)
    {
        if (context.Request?.UserCode is { Length: <= 64 } typed)
        {
            var letters = string.Concat(typed.Where(char.IsAsciiLetter)).ToUpperInvariant();
            context.Request.UserCode = letters.Length == 8 ? $"{letters[..4]}-{letters[4..]}" : typed;
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Tells the device how often to ask (RFC 8628 §3.2).</summary>
internal sealed class NamePollingInterval : IOpenIddictServerHandler<ApplyDeviceAuthorizationResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyDeviceAuthorizationResponseContext>()
        .UseSingletonHandler<NamePollingInterval>()
        .SetOrder(int.MinValue + 50_000)
        .Build();

    public ValueTask HandleAsync(ApplyDeviceAuthorizationResponseContext context)
    {
        if (context.Error is null)
        {
            context.Response["interval"] = 5;
        }

        return ValueTask.CompletedTask;
    }
}
