using System.CommandLine;
using Portcullis.Access.Permissions;
using Portcullis.Server.Administration;
using Portcullis.Server.Configuration;
using Portcullis.Tokens;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis token issue</c>: signs a token with this installation's key. Whoever can read the key may do it.</summary>
internal static class TokenIssueCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var subject = new Option<string>("--subject") { Description = "Who the token is for.", HelpName = "NAME", Required = true };
        var permission = new Option<string[]>("--permission") { Description = "What it opens: git:<repository>[@<ref-pattern>…]:<action>[,<action>]…; may be given several times.", HelpName = "PERMISSION", DefaultValueFactory = _ => [] };
        var role = new Option<string[]>("--role") { Description = "A role that the policy defines; may be given several times.", HelpName = "NAME", DefaultValueFactory = _ => [] };
        var group = new Option<string[]>("--group") { Description = "A group of the subject, for the policy's bindings; may be given several times.", HelpName = "NAME", DefaultValueFactory = _ => [] };
        var actor = new Option<string[]>("--actor") { Description = "Who acts for the subject, the nearest first; may be given several times.", HelpName = "NAME", DefaultValueFactory = _ => [] };
        var client = new Option<string?>("--client") { Description = "The client that it is issued to.", HelpName = "NAME" };
        var lifetime = new Option<string?>("--lifetime") { Description = "How long it is valid: 90s, 15m, 1h. Default: authority.accessTokenLifetime.", HelpName = "TIME" };
        var output = new Option<string?>("--output") { Description = "Write the token to a new file that only you can read, not to the terminal.", HelpName = "FILE" };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "issue", "Sign a token with this installation's key.",
            "portcullis token issue --subject alice --permission 'git:acme/app:pull' --lifetime 10m",
            "portcullis token issue --subject alice --permission 'git:acme/*@refs/heads/*,^refs/heads/main:push' --output alice.token",
            "portcullis token issue --subject ci --role developer --json")
        {
            subject, permission, role, group, actor, client, lifetime, output, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var installation = parseResult.Installation(terminal);
            var permissions = parseResult.GetValue(permission)!;
            CheckPermissions(permissions, installation);
            var roles = parseResult.GetValue(role)!;
            if (permissions.Length == 0 && roles.Length == 0)
            {
                throw new CommandFailedException("A token without permissions opens nothing: give --permission or --role.", ExitCode.Usage);
            }

            var request = new TokenRequest
            {
                Subject = parseResult.GetValue(subject)!,
                Audiences = [installation.Issuer],
                Lifetime = Lifetime(parseResult.GetValue(lifetime), installation),
                Scope = permissions.Length == 0 ? null : string.Join(' ', permissions),
                Roles = roles,
                Groups = parseResult.GetValue(group)!,
                ClientId = parseResult.GetValue(client),
                Actors = [.. parseResult.GetValue(actor)!.Select(name => new Actor(name, null))],
            };
            await using var authority = await LocalAuthority.OpenAsync(installation, cancellationToken);
            var key = authority.Keys.GetSigningKey();
            var minted = Mint(installation, request, key);
            await authority.Audit.IssuedAsync(request, minted, installation.Issuer, key.KeyId, cancellationToken);
            Print(terminal, minted, request, parseResult.GetValue(output), parseResult.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static MintedToken Mint(Installation installation, TokenRequest request, SigningKey key)
    {
        MintedToken minted;
        try
        {
            minted = new TokenMinter(installation.Issuer, key, installation.TimeProvider).Mint(request);
        }
        catch (ArgumentException exception)
        {
            throw new CommandFailedException(exception.Message, ExitCode.Usage);
        }

        return minted.IsMinted ? minted : throw new CommandFailedException(minted.Problem);
    }

    private static void CheckPermissions(IEnumerable<string> permissions, Installation installation)
    {
        var scopes = new List<ScopeWord>();
        foreach (var text in permissions)
        {
            if (!ScopeWord.TryParse(text, out var word, out var error))
            {
                throw new CommandFailedException($"--permission {error}", ExitCode.Usage);
            }

            if (word.Scope is not null)
            {
                scopes.Add(word);
            }
        }

        // A service that reads tokens by itself knows no rules: what they deny is in no token.
        foreach (var rule in scopes.Count == 0 ? [] : PolicyCommand.Load(installation).Rules)
        {
            if (scopes.FindIndex(rule.Denies) is >= 0 and var denied)
            {
                throw new CommandFailedException($"A rule of the policy forbids {scopes[denied]} to everyone: {rule}.");
            }
        }
    }

    private static TimeSpan Lifetime(string? text, Installation installation)
    {
        if (text is null)
        {
            return installation.Configuration.Authority.AccessTokenLifetime;
        }

        if (!Durations.TryParse(text, out var lifetime) || lifetime <= TimeSpan.Zero)
        {
            throw new CommandFailedException($"--lifetime {CommandTerminal.Printable(text)}: write a number and s, m, h or d, as in 15m.", ExitCode.Usage);
        }

        return lifetime <= installation.MaxLifetime
            ? lifetime
            : throw new CommandFailedException($"--lifetime {text}: the gateway accepts at most {TimeWords.Describe(installation.MaxLifetime)}.", ExitCode.Usage);
    }

    private static void Print(CommandTerminal terminal, MintedToken minted, TokenRequest request, string? output, bool json)
    {
        if (output is not null)
        {
            PrivateFile.WriteNew(output, minted.Token + "\n");
        }

        if (json)
        {
            terminal.WriteJson(new
            {
                token = output is null ? minted.Token : null,
                file = output,
                minted.TokenId,
                request.Subject,
                minted.ExpiresAt,
                request.Scope,
                roles = request.Roles.Count == 0 ? null : request.Roles,
                minted.Length,
            });
        }
        else if (output is null)
        {
            terminal.Output.WriteLine(minted.Token);
        }
        else
        {
            terminal.Error.WriteLine($"Wrote the token {minted.TokenId} to {output}; it is valid until {minted.ExpiresAt:u}.");
        }
    }
}
