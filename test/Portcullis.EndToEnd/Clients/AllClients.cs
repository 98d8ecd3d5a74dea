using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Clients;

/// <summary>Every client that the suites are run with.</summary>
public static class AllClients
{
    /// <summary>The newer git that ./test.sh unpacked, or null.</summary>
    public static string? NewerGit
    {
        get
        {
            var path = Environment.GetEnvironmentVariable("PORTCULLIS_NEWER_GIT") ?? Path.Combine(Source.Root, ".cache", "newer-git", "bin", "git");
            return File.Exists(path) ? path : null;
        }
    }

    private static readonly string s_scripts = Path.Combine(Source.Root, "test", "clients");

    private static readonly GitClient[] s_clients =
    [
        new GitProgram("git", () => "git"),
        new GitProgram("newer git", () => NewerGit),
        new JGit(),
        new ScriptedClient("dulwich", "/usr/bin/python3", [Path.Combine(s_scripts, "dulwich-client.py")], ["-c", "import dulwich"], TokenSentAs.Bearer, TokenSentAs.Password),
        new ScriptedClient("libgit2", "/usr/bin/python3", [Path.Combine(s_scripts, "pygit2-client.py")], ["-c", "import pygit2"], TokenSentAs.Password),
        new ScriptedClient("isomorphic-git", "/usr/bin/node", [Path.Combine(s_scripts, "isomorphic-git", "client.js")], ["-e", "import('isomorphic-git').catch(() => process.exit(1))"], TokenSentAs.Bearer, TokenSentAs.Password),
    ];

    /// <summary>Each client with each of its ways to send a token.</summary>
    public static TheoryData<string, TokenSentAs> Everyone
    {
        get
        {
            var data = new TheoryData<string, TokenSentAs>();
            foreach (var client in s_clients)
            {
                foreach (var way in client.Ways)
                {
                    data.Add(client.Name, way);
                }
            }

            return data;
        }
    }

    /// <summary>The client of that name; the test is skipped where it can't run.</summary>
    public static async Task<GitClient> GetAsync(string name)
    {
        var client = s_clients.Single(client => client.Name == name);
        var missing = await client.MissingAsync();
        Assert.SkipWhen(missing is not null, missing ?? "");
        return client;
    }
}
