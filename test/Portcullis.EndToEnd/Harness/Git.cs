namespace Portcullis.EndToEnd.Harness;

/// <summary>One git program with a home of its own: no system configuration, no prompts, a fixed identity.</summary>
public sealed class Git
{
    private readonly Dictionary<string, string> _environment;

    public Git(string home, string program = "git")
    {
        Program = program;
        Home = Directory.CreateDirectory(home).FullName;
        _environment = new Dictionary<string, string>
        {
            ["HOME"] = Home,
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = Path.Combine(Home, "gitconfig"),
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ASKPASS"] = "true",
            ["GIT_AUTHOR_NAME"] = "Alice",
            ["GIT_AUTHOR_EMAIL"] = "alice@example.com",
            ["GIT_AUTHOR_DATE"] = "1760000000 +0000",
            ["GIT_COMMITTER_NAME"] = "Alice",
            ["GIT_COMMITTER_EMAIL"] = "alice@example.com",
            ["GIT_COMMITTER_DATE"] = "1760000000 +0000",
            ["LC_ALL"] = "C.UTF-8",
        };
        if (!File.Exists(_environment["GIT_CONFIG_GLOBAL"]))
        {
            File.WriteAllText(_environment["GIT_CONFIG_GLOBAL"], """
                [init]
                    defaultBranch = main
                [advice]
                    detachedHead = false
                [gc]
                    auto = 0
                [protocol "file"]
                    allow = always
                """);
        }
    }

    public string Program { get; }

    public string Home { get; }

    public IReadOnlyDictionary<string, string> Environment => _environment;

    /// <summary>The same git with the token sent as <c>Authorization: Bearer</c>. It goes through the environment, so that no argument holds it.</summary>
    public Git WithBearer(string token) => WithConfig("http.extraHeader", $"Authorization: Bearer {token}");

    /// <summary>The same git with the token as the password that a credential helper gives.</summary>
    public Git WithPassword(string token, string user = "alice")
    {
        var file = Path.Combine(Home, $"token-{Guid.NewGuid():N}");
        File.WriteAllText(file, $"username={user}\npassword={token}\n");
        return WithConfig("credential.helper", $"!f() {{ test \"$1\" = get && cat '{file}'; }}; f");
    }

    public Git WithConfig(string key, string value)
    {
        var count = int.Parse(_environment.GetValueOrDefault("GIT_CONFIG_COUNT", "0"));
        return With(("GIT_CONFIG_COUNT", $"{count + 1}"), ($"GIT_CONFIG_KEY_{count}", key), ($"GIT_CONFIG_VALUE_{count}", value));
    }

    public Git With(params (string Name, string Value)[] variables)
    {
        var copy = new Git(Home, Program);
        foreach (var (name, value) in _environment)
        {
            copy._environment[name] = value;
        }

        foreach (var (name, value) in variables)
        {
            copy._environment[name] = value;
        }

        return copy;
    }

    public Task<CommandResult> RunAsync(string folder, params string[] arguments) => Shell.RunAsync(Program, arguments, folder, _environment);

    public Task<CommandResult> RunWithInputAsync(string folder, string input, params string[] arguments)
        => Shell.RunAsync(Program, arguments, folder, _environment, input);

    /// <summary>Runs git, which must succeed, and gives its output without the last line end.</summary>
    public async Task<string> OutputAsync(string folder, params string[] arguments)
        => (await RunAsync(folder, arguments)).ShouldSucceed().Output.TrimEnd('\n');
}
