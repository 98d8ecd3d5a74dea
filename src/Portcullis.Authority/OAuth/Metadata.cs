using OpenIddict.Abstractions;
using OpenIddict.Server;
using Portcullis.Access.Permissions;
using Portcullis.Authority.Keys;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Portcullis.Authority.OAuth;

/// <summary>What our metadata documents say beyond OpenIddict's own (RFC 8414 §2, RFC 9396 §10).</summary>
internal sealed class DescribeServer(KeyRing ring) : IOpenIddictServerHandler<HandleConfigurationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<HandleConfigurationRequestContext>()
        .UseSingletonHandler<DescribeServer>()
        .SetOrder(int.MaxValue - 50_000)
        .Build();

    public ValueTask HandleAsync(HandleConfigurationRequestContext context)
    {
        context.IdTokenSigningAlgorithms.Clear();
        context.IdTokenSigningAlgorithms.Add(ring.GetSigningKey().Algorithm);
        context.Metadata["authorization_details_types_supported"] = new OpenIddictParameter([AuthorizationDetail.Type]);
        return ValueTask.CompletedTask;
    }
}

/// <summary>See <see cref="NameIssuer"/>.</summary>
internal sealed class NameIssuerInMetadata(AuthorityOptions options) : IOpenIddictServerHandler<ApplyConfigurationResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyConfigurationResponseContext>()
        .UseSingletonHandler<NameIssuerInMetadata>()
        .SetOrder(int.MinValue + 50_000)
        .Build();

    public ValueTask HandleAsync(ApplyConfigurationResponseContext context)
    {
        if (context.Error is null)
        {
            context.Response[Metadata.Issuer] = options.Issuer;
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>The <c>iss</c> of an authorization response (RFC 9207), against mix-up: the same spelling.</summary>
internal sealed class NameIssuerInResponse(AuthorityOptions options) : IOpenIddictServerHandler<ApplyAuthorizationResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyAuthorizationResponseContext>()
        .UseSingletonHandler<NameIssuerInResponse>()
        .SetOrder(OpenIddictServerHandlers.Authentication.AttachIssuer.Descriptor.Order + 500)
        .Build();

    public ValueTask HandleAsync(ApplyAuthorizationResponseContext context)
    {
        if (context.Response.Iss is not null)
        {
            context.Response.Iss = options.Issuer;
        }

        return ValueTask.CompletedTask;
    }
}
