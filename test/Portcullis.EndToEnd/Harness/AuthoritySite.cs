using System.Text.Json;

namespace Portcullis.EndToEnd.Harness;

/// <summary>The real program with its authority, a policy, the people alice and an administrator, and the client ci.</summary>
public class AuthoritySite : HostSite
{
    public const string Password = "correct horse battery";

    public const string Policy = """
        roles:
          developer:
            - "git:{repository}:pull"
            - "git:{repository}@refs/heads/*,^refs/heads/main:push"
          reader: [ "git:{repository}:pull" ]
          owner: [ "git:{repository}:pull,push,force,delete" ]
        bindings:
          - { role: developer, repositories: [ "*" ], subjects: [ "group:engineering" ] }
          - { role: owner, repositories: [ "*" ], subjects: [ "client:ci" ] }
          - { role: reader, repositories: [ "*" ], subjects: [ "user:root" ] }
        """;

    private string _ciSecret = "";

    /// <summary>What the public address calls the server.</summary>
    protected virtual string Host => "127.0.0.1";

    /// <summary>The secret of the client ci.</summary>
    public string CiSecret => _ciSecret;

    public OAuthPerson Alice() => new(Server.Url, "alice", Password);

    public OAuthPerson Root() => new(Server.Url, "root", Password);

    /// <summary>A token of the client ci, which may do everything.</summary>
    public Task<string> CiTokenAsync() => OAuthPerson.ClientCredentialsAsync(Server.Url, "ci", _ciSecret);

    public static async Task AddPersonAsync(PortcullisServer server, string name, params string[] options)
        => (await server.CommandWithInputAsync(Password, ["user", "add", name, "--password", "-", .. options])).ShouldSucceed();

    protected override async Task<PortcullisServer> StartAsync(string folder)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "policy.yaml"), Policy);
        var server = await PortcullisServer.StartAsync(folder, "policy: ./policy.yaml", host: Host);
        await AddPersonAsync(server, "alice", "--group", "engineering");
        await AddPersonAsync(server, "root", "--administrator");
        var added = (await server.CommandAsync("client", "add", "ci", "--confidential", "--grant", "client_credentials", "--json")).ShouldSucceed();
        _ciSecret = JsonDocument.Parse(added.Output).RootElement.GetProperty("secret").GetString()!;
        return server;
    }
}
