using System.Globalization;
using System.Reflection;
using Portcullis.CredentialHelper.Authority;
using Portcullis.CredentialHelper.Sessions;
using Portcullis.Git.Credentials;

namespace Portcullis.CredentialHelper;

/// <summary>The program <c>git-credential-portcullis</c>.</summary>
internal static class Program
{
    private const string Usage = """
        git-credential-portcullis: signs people in, and gives git tokens for one repository at a time.

          git config --global credential.https://git.example.com.helper portcullis
          git config --global credential.https://git.example.com.useHttpPath true

        git runs it as `git-credential-portcullis get`, `store` and `erase`. By hand:

          git-credential-portcullis sign-in URL      sign in now
          git-credential-portcullis sign-out URL     end the login, here and at the server

        docs/guides/credential-helper.md has the settings.
        """;

    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            return await RunAsync(arguments);
        }
        catch (Exception exception) when (exception is AuthorityException or IOException or UnauthorizedAccessException or FormatException or OperationCanceledException)
        {
            Say(exception.Message);
            return 1;
        }
    }

    private static async Task<int> RunAsync(string[] arguments)
    {
        var keeper = new TokenKeeper(SessionFile.DefaultFolder, TimeProvider.System, Say);
        switch (arguments)
        {
            case ["get"]:
                return await GetAsync(keeper);
            case ["erase"]:
                return await EraseAsync(keeper);
            case ["sign-in" or "sign-out", var url]:
                if (!Remote.TryOrigin(url.TrimEnd('/'), out var origin))
                {
                    throw new FormatException($"'{AuthorityClient.Printable(url)}' is no address such as https://git.example.com");
                }

                var settings = await HelperSettings.ReadAsync(origin);
                if (arguments[0] == "sign-out")
                {
                    Say(await keeper.SignOutAsync(settings.Authority) ? $"signed out of {settings.Authority}" : $"nobody was signed in to {settings.Authority}");
                    return 0;
                }

                await keeper.GetAsync(settings with { IsInteractive = true }, scope: null);
                Say($"signed in to {settings.Authority}");
                return 0;
            case ["--help" or "-h" or "help"]:
                Console.Out.WriteLine(Usage);
                return 0;
            case ["--version"]:
                Console.Out.WriteLine(typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
                return 0;
            case [_]:
                // `store`, and what git may say one day: there is nothing to do.
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static async Task<int> GetAsync(TokenKeeper keeper)
    {
        var message = await ReadAsync();
        if (Remote.From(message) is not { } remote)
        {
            return 0;
        }

        var settings = await HelperSettings.ReadAsync(remote.Origin);
        HeldToken? token;
        try
        {
            token = await keeper.GetAsync(settings, remote.Scope);
        }
        catch (AuthorityException exception) when (exception.Code == "invalid_scope")
        {
            // The authority has answered: to be asked for a password next would only puzzle.
            Say($"{remote.Repository}: {exception.Message}");
            await WriteAsync(CredentialMessage.Empty.With("quit", "1"));
            return 1;
        }

        if (token is null)
        {
            Say($"nobody is signed in to {settings.Authority}, and nobody can be asked here: git-credential-portcullis sign-in {remote.Origin}");
            return 1;
        }

        // git 2.46 and newer: as Bearer, and for no other helper to keep.
        var answer = message.GetAll("capability[]").Contains("authtype")
            ? CredentialMessage.Empty.With("capability[]", "authtype").With("authtype", "Bearer").With("credential", token.Token).With("ephemeral", "1")
            : CredentialMessage.Empty.With("username", message.UserName ?? "oauth2").With("password", token.Token);
        answer = answer.With("password_expiry_utc", token.ExpiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        await WriteAsync(answer);
        return 0;
    }

    private static async Task<int> EraseAsync(TokenKeeper keeper)
    {
        var message = await ReadAsync();
        if (Remote.From(message) is { } remote && (message.Get("credential") ?? message.Password) is { } token)
        {
            await keeper.DropAsync((await HelperSettings.ReadAsync(remote.Origin)).Authority, token);
        }

        return 0;
    }

    private static async Task<CredentialMessage> ReadAsync()
    {
        await using var input = Console.OpenStandardInput();
        var bytes = new byte[CredentialMessage.MaxLength + 1];
        return CredentialMessage.Parse(bytes.AsSpan(0, await input.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false)));
    }

    private static async Task WriteAsync(CredentialMessage answer)
    {
        await using var output = Console.OpenStandardOutput();
        await output.WriteAsync(answer.ToBytes());
    }

    // Standard output is git's.
    private static void Say(string text) => Console.Error.WriteLine($"git-credential-portcullis: {text}");
}
