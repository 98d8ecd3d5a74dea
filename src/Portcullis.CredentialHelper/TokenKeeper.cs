using Portcullis.CredentialHelper.Authority;
using Portcullis.CredentialHelper.Processes;
using Portcullis.CredentialHelper.Sessions;
using Portcullis.CredentialHelper.SignIn;

namespace Portcullis.CredentialHelper;

/// <summary>Gives tokens: one that is held, or a new one of the login, or after a new login. One login serves all repositories; each token is for one.</summary>
/// <param name="folder">Where logins are kept.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Tells the person something.</param>
internal sealed class TokenKeeper(string folder, TimeProvider time, Action<string> say)
{
    // A clone begins at once with what it is given; a token that ends in a moment would fail it.
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(60);

    /// <summary>A token, or null where a person would have to be asked and may not.</summary>
    /// <param name="settings">The authority, and how to ask.</param>
    /// <param name="scope">What it is for; null: all that the login gives.</param>
    /// <exception cref="AuthorityException">It is refused.</exception>
    public async Task<HeldToken?> GetAsync(HelperSettings settings, string? scope)
    {
        using var file = await SessionFile.OpenAsync(folder, settings.Authority, time);
        var session = file.Read();
        session = session with { Tokens = [.. session.Tokens.Where(token => token.ExpiresAt - time.GetUtcNow() > s_least)] };
        if (session.Tokens.FirstOrDefault(token => token.Scope == (scope ?? "")) is { } held)
        {
            return held;
        }

        using var client = await AuthorityClient.ConnectAsync(settings.Authority, time);
        if (session.RefreshToken is null || await TryRefreshAsync(client, file, session, scope) is not { } token)
        {
            if (!settings.IsInteractive)
            {
                file.Write(session with { RefreshToken = null });
                return null;
            }

            var issued = await SignInAsync(client, settings);
            session = new Session { Authority = settings.Authority, RefreshToken = issued.RefreshToken };
            file.Write(session);
            token = scope is not null && issued.RefreshToken is not null
                ? await TryRefreshAsync(client, file, session, scope) ?? throw new AuthorityException(null, "The login ended as soon as it had begun.")
                : Hold(file, session, issued, scope);
        }

        return token;
    }

    /// <summary>Drops a token that a server refused.</summary>
    public async Task DropAsync(string authority, string token)
    {
        using var file = await SessionFile.OpenAsync(folder, authority, time);
        var session = file.Read();
        file.Write(session with { Tokens = [.. session.Tokens.Where(held => held.Token != token)] });
    }

    /// <summary>Ends a login here and at the authority. False where there is none.</summary>
    public async Task<bool> SignOutAsync(string authority)
    {
        Session session;
        using (var file = await SessionFile.OpenAsync(folder, authority, time))
        {
            try
            {
                session = file.Read();
            }
            finally
            {
                file.Write(new Session { Authority = authority });
            }
        }

        if (session.RefreshToken is { } refreshToken)
        {
            using var client = await AuthorityClient.ConnectAsync(authority, time);
            await client.PostAsync(client.Metadata.RevocationEndpoint, ("token", refreshToken), ("token_type_hint", "refresh_token"));
        }

        return session.RefreshToken is not null || session.Tokens.Count > 0;
    }

    // Null when the login has ended; what the policy does not give is an error, and no reason to sign in again.
    private async Task<HeldToken?> TryRefreshAsync(AuthorityClient client, SessionFile file, Session session, string? scope)
    {
        try
        {
            return Hold(file, session, await client.TokenAsync(("grant_type", "refresh_token"), ("refresh_token", session.RefreshToken), ("scope", scope)), scope);
        }
        catch (AuthorityException exception) when (exception.Code == "invalid_grant")
        {
            return null;
        }
    }

    private static HeldToken Hold(SessionFile file, Session session, IssuedTokens issued, string? scope)
    {
        var token = new HeldToken(scope ?? "", issued.AccessToken, issued.ExpiresAt);
        file.Write(session with { RefreshToken = issued.RefreshToken ?? session.RefreshToken, Tokens = [.. session.Tokens, token] });
        return token;
    }

    private Task<IssuedTokens> SignInAsync(AuthorityClient client, HelperSettings settings) => settings.UsesDevice
        ? DeviceSignIn.RunAsync(client, settings.Scope, say, time)
        : LoopbackSignIn.RunAsync(client, settings.Scope, url => say(Programs.OpenBrowser(url) ? $"Sign in in the browser; if none has opened, go to {url}" : $"To let git in, open {url}"), time);
}
