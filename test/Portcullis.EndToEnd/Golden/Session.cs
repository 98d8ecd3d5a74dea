using System.Buffers.Text;
using System.Text;
using System.Text.RegularExpressions;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Golden;

/// <summary>
/// A file that holds what a person types and what they see, as it stands on a terminal. Playing it types again and compares all of it.
/// <list type="bullet">
/// <item><c># …</c>: a remark.</item>
/// <item><c>! as NAME PERMISSION…</c>: from here on git answers a request for a password with a token of NAME's; <c>! as nobody</c>: with none.</item>
/// <item><c>! as NAME expired|misaddressed|tampered|forever PERMISSION…</c>: with a token that is faulty in this one way.</item>
/// <item><c>! with TEXT</c>: with this text as the password.</item>
/// <item><c>! repository PATH</c>: a repository with some history stands there.</item>
/// <item><c>$ COMMAND</c>: typed; what follows is what is seen, and <c>[exit N]</c> when it failed.</item>
/// </list>
/// With <c>UPDATE_GOLDEN=1</c> in the environment the files are written anew.
/// </summary>
public sealed partial class Session(GoldenSite site, string file)
{
    private readonly Git _git = new(site.Folder[$"golden-{Guid.NewGuid():N}"]);
    private readonly string _work = site.Folder.Make($"golden-work-{Guid.NewGuid():N}");

    public async Task PlayAsync()
    {
        var expected = await File.ReadAllTextAsync(file);
        var seen = new StringBuilder();
        foreach (var line in expected.Split('\n'))
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal))
            {
                seen.Append(line).Append('\n').Append(await TypeAsync(line[2..]));
            }
            else if (line.StartsWith("! ", StringComparison.Ordinal))
            {
                seen.Append(line).Append('\n');
                await PrepareAsync(line[2..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
            else if (line.StartsWith('#'))
            {
                seen.Append(line).Append('\n');
            }
        }

        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(file, seen.ToString());
            return;
        }

        Assert.Equal(expected, seen.ToString());
    }

    private async Task PrepareAsync(string[] words)
    {
        switch (words)
        {
            case ["repository", var repository]:
                await site.SeedAsync(repository);
                break;
            case ["as", "nobody"]:
                SetPassword(null);
                break;
            case ["as", var subject, "expired" or "misaddressed" or "tampered" or "forever", ..]:
                SetPassword(Faulty(subject, words[2], string.Join(' ', words[3..])));
                break;
            case ["as", var subject, .. var permissions]:
                SetPassword(await site.TokenAsync(subject, permissions));
                break;
            case ["with", var password]:
                SetPassword(password);
                break;
            default:
                throw new FormatException($"{file}: ! {string.Join(' ', words)}");
        }
    }

    private string Faulty(string subject, string fault, string scope)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var token = site.Issuer.Token(site.Server.Uri, subject, scope, fault switch
        {
            "expired" => [("iat", now - 1200), ("exp", now - 720)],
            "misaddressed" => [("aud", "https://wiki.example.com")],
            "forever" => [("exp", now + 31_536_000)],
            _ => [],
        });
        if (fault != "tampered")
        {
            return token;
        }

        // Somebody writes a wider permission into a token that was signed for a narrow one.
        var parts = token.Split('.');
        var payload = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])).Replace(":pull", ":push", StringComparison.Ordinal);
        return $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.{parts[2]}";
    }

    private void SetPassword(string? password)
    {
        var credential = Path.Combine(_git.Home, "credential");
        File.WriteAllText(credential, password is null ? "" : $"username=alice\npassword={password}\n");
        File.WriteAllText(Path.Combine(_git.Home, "gitconfig"), $"""
            [init]
                defaultBranch = main
            [credential]
                helper = "!cat '{credential}' #"
            [advice]
                pushUpdateRejected = false

            """);
    }

    private async Task<string> TypeAsync(string command)
    {
        var environment = new Dictionary<string, string>(_git.Environment)
        {
            ["URL"] = site.Url,
            ["CONFIG"] = site.Server.ConfigurationFile,
            ["PORTCULLIS"] = Source.Program,
        };
        var result = await Shell.RunAsync("/bin/sh", ["-c", $"{{ {command} ; }} 2>&1"], _work, environment);
        var text = Normalise(result.Output);
        if (text.Length > 0 && !text.EndsWith('\n'))
        {
            text += '\n';
        }

        return result.ExitCode == 0 ? text : $"{text}[exit {result.ExitCode}]\n";
    }

    /// <summary>What differs from run to run has a name in its place.</summary>
    private string Normalise(string text)
    {
        text = text.Replace(site.Url, "http://git.example", StringComparison.Ordinal)
            .Replace(_work, "/home/alice", StringComparison.Ordinal)
            .Replace(site.Server.Folder, "/srv", StringComparison.Ordinal);

        // git-lfs shows its progress when there is time to.
        text = Progress().Replace(text, "");

        // Git pads what the server says, so that it covers what stood on the line before.
        text = Padding().Replace(text, "");
        return TokenId().Replace(RequestId().Replace(Time().Replace(text, "<time>"), "<request>"), "token <id>");
    }

    [GeneratedRegex(@"^\r*(Uploading|Downloading) LFS objects:[^\n]*\n", RegexOptions.Multiline)]
    private static partial Regex Progress();

    [GeneratedRegex(@"[ \t]+(?=\r?\n)|\r")]
    private static partial Regex Padding();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?( UTC)?")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b[0-9a-f]{32}\b")]
    private static partial Regex RequestId();

    [GeneratedRegex(@"token [A-Za-z0-9_-]{22}\b")]
    private static partial Regex TokenId();
}
