using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Portcullis.Access.Permissions;
using Portcullis.Authority.People;

namespace Portcullis.Authority.Clients;

/// <summary>Adds, lists and removes the programs that may ask for tokens.</summary>
public sealed class ClientAdministration
{
    private readonly IServiceScopeFactory _scopes;
    private readonly Revocations.Revocations _revocations;
    private readonly AuthorityOptions _options;

    internal ClientAdministration(IServiceScopeFactory scopes, Revocations.Revocations revocations, AuthorityOptions options)
    {
        _scopes = scopes;
        _revocations = revocations;
        _options = options;
    }

    /// <summary>Adds a client. A confidential one without keys gets a secret.</summary>
    public async Task<AdministrationResult<ClientRegistration>> AddAsync(ClientInfo client, CancellationToken cancellationToken)
    {
        if (FindProblem(client) is { } problem)
        {
            return AdministrationResult<ClientRegistration>.Failed(problem);
        }

        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var manager = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        if (await manager.FindByClientIdAsync(client.Id, cancellationToken) is not null)
        {
            return AdministrationResult<ClientRegistration>.Failed($"There is a client '{client.Id}' already.");
        }

        if (await scope.ServiceProvider.GetRequiredService<UserManager<Person>>().FindByNameAsync(client.Id) is not null)
        {
            return AdministrationResult<ClientRegistration>.Failed($"'{client.Id}' is the name of a user. People and clients share one set of names.");
        }

        var secret = client is { IsConfidential: true, Jwks: null } ? NewSecret() : null;
        await manager.CreateAsync(ClientDescriptor.Of(client, secret), cancellationToken);
        return AdministrationResult<ClientRegistration>.Done(new ClientRegistration(client, secret));
    }

    /// <summary>Every client, by id.</summary>
    public async Task<IReadOnlyList<ClientInfo>> ListAsync(CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var manager = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        var clients = new List<ClientInfo>();
        await foreach (var application in manager.ListAsync(cancellationToken: cancellationToken))
        {
            clients.Add(await ClientDescriptor.ReadAsync(manager, application, cancellationToken));
        }

        return [.. clients.OrderBy(client => client.Id, StringComparer.Ordinal)];
    }

    /// <summary>One client; null when there is none of that id.</summary>
    public async Task<ClientInfo?> FindAsync(string clientId, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var manager = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        return await manager.FindByClientIdAsync(clientId, cancellationToken) is { } application
            ? await ClientDescriptor.ReadAsync(manager, application, cancellationToken)
            : null;
    }

    /// <summary>Gives a confidential client a new secret; the old one is worth nothing from then on. Tokens it got stay good.</summary>
    public async Task<AdministrationResult<ClientRegistration>> ReplaceSecretAsync(string clientId, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var manager = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        if (await manager.FindByClientIdAsync(clientId, cancellationToken) is not { } application)
        {
            return AdministrationResult<ClientRegistration>.Failed($"There is no client '{clientId}'.");
        }

        ClientInfo client = await ClientDescriptor.ReadAsync(manager, application, cancellationToken);
        if (!client.IsConfidential || client.Jwks is not null)
        {
            return AdministrationResult<ClientRegistration>.Failed($"The client '{clientId}' has no secret.");
        }

        var secret = NewSecret();
        await manager.UpdateAsync(application, ClientDescriptor.Of(client, secret), cancellationToken);
        return AdministrationResult<ClientRegistration>.Done(new ClientRegistration(client, secret));
    }

    /// <summary>Removes a client, and refuses every token that was issued to it.</summary>
    public async Task<AdministrationResult<ClientInfo>> RemoveAsync(string clientId, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var manager = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        if (await manager.FindByClientIdAsync(clientId, cancellationToken) is not { } application)
        {
            return AdministrationResult<ClientInfo>.Failed($"There is no client '{clientId}'.");
        }

        ClientInfo client = await ClientDescriptor.ReadAsync(manager, application, cancellationToken);
        await _revocations.RevokeClientAsync(clientId, cancellationToken);
        await manager.DeleteAsync(application, cancellationToken);
        return AdministrationResult<ClientInfo>.Done(client);
    }

    private static string NewSecret() => WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));

    private string? FindProblem(ClientInfo client)
    {
        if (!PersonName.IsValid(client.Id))
        {
            return $"'{client.Id}' is no client id: {PersonName.Rule}.";
        }

        if (client.Grants.Count == 0)
        {
            return "The client has no way to come to a token: name at least one grant.";
        }

        if (client.Grants.Contains(ClientGrant.AuthorizationCode) && client.RedirectUris.Count == 0)
        {
            return "A client for the browser sign-in needs a redirect address, such as http://127.0.0.1 for a program on people's machines.";
        }

        if (client.Grants.Contains(ClientGrant.ClientCredentials) && !client.IsConfidential)
        {
            return "A client that acts for itself must prove who it is: make it confidential.";
        }

        foreach (var address in client.RedirectUris)
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0
                || !(uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback) || uri.Scheme.Contains('.')))
            {
                return $"'{address}' can't be a redirect address: it must be https, http on a loopback address, or a scheme with a dot in it (RFC 8252 §7), without a fragment.";
            }
        }

        if (client.Jwks is { } jwks && ClientKeys.FindProblem(jwks) is { } keyProblem)
        {
            return keyProblem;
        }

        if (client is { Jwks: not null, IsConfidential: false })
        {
            return "A client that has keys proves with them who it is: make it confidential.";
        }

        foreach (var permission in client.Ceiling ?? [])
        {
            if (!ScopeWord.TryParse(permission, out _, out PermissionSyntaxError? error))
            {
                return $"'{permission}' is no permission: {error?.Message}";
            }
        }

        if (client.AccessTokenLifetime is { } lifetime && (lifetime < TimeSpan.FromSeconds(30) || lifetime > _options.MaxAccessTokenLifetime))
        {
            return $"The life of its access tokens must lie between 30 seconds and {_options.MaxAccessTokenLifetime}.";
        }

        return client.SigningAlgorithm is { } algorithm && algorithm != _options.SigningAlgorithm && !_options.AdditionalSigningAlgorithms.Contains(algorithm)
            ? $"{algorithm} is neither signingAlgorithm nor one of additionalSigningAlgorithms."
            : null;
    }
}
