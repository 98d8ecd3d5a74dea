using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Services;

/// <summary>The guide for registries, with Debian's docker-registry and the requests of docker.</summary>
public sealed class RegistryRecipe
{
    private const string Service = "registry.example.com";

    [Fact]
    public async Task A_token_pulls_and_pushes_the_images_that_it_opens()
    {
        using var folder = new TemporaryFolder();
        await using var server = await PortcullisServer.StartAsync(folder.Make("portcullis"), $"registry:\n  services: [ {Service} ]\n");
        var port = FreePorts.Take();
        await using var registry = await StartRegistryAsync(folder, server, port);
        var address = new Uri($"http://127.0.0.1:{port}");
        var layer = new byte[20_000];
        new Random(7).NextBytes(layer);

        using var writer = new DockerClient(address, "alice", await server.TokenAsync("alice", "registry:acme/*:pull,push", "git:acme/app:pull"));
        Assert.True(await writer.SignInAsync(), registry.Log);
        Assert.Equal(HttpStatusCode.Created, await writer.PushAsync("acme/app", "v1", layer));
        Assert.Equal(layer, await writer.PullAsync("acme/app", "v1"));

        // With the OAuth form, and only reading.
        using var reader = new DockerClient(address, "bob", await server.TokenAsync("bob", "registry:acme/app:pull"), usesForms: true);
        Assert.Equal(layer, await reader.PullAsync("acme/app", "v1"));
        Assert.Equal("repository:acme/app:pull", reader.AskedScope);
        Assert.Equal(HttpStatusCode.Unauthorized, await reader.PushAsync("acme/app", "v2", layer));

        // Another repository, no delete, a permission for Git alone, no token.
        Assert.Equal(HttpStatusCode.Unauthorized, await writer.PushAsync("other/app", "v1", layer));
        Assert.Equal(HttpStatusCode.Unauthorized, (await writer.SendAsync(HttpMethod.Delete, $"/v2/acme/app/blobs/{DockerClient.Digest(layer)}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await writer.SendAsync(HttpMethod.Get, "/v2/_catalog")).StatusCode);
        using var gitOnly = new DockerClient(address, "carol", await server.TokenAsync("carol", "git:*:pull,push"));
        Assert.True(await gitOnly.SignInAsync());
        Assert.Null(await gitOnly.PullAsync("acme/app", "v1"));
        using var nobody = new DockerClient(address, "mallory", "no-token");
        Assert.False(await nobody.SignInAsync());

        // The registry read what it trusts when it started. A restart makes a new key, as does every hour: both keys' tokens are taken, the one that was given before as well.
        var (before, keyBefore) = (writer.LastToken!, KeyOf(writer.LastToken!));
        await server.StopAsync();
        await server.StartAsync();
        using var operatorClient = new DockerClient(address, "dora", await server.TokenAsync("dora", "registry:*:pull,delete"));
        Assert.Equal(layer, await operatorClient.PullAsync("acme/app", "v1"));
        Assert.NotEqual(keyBefore, KeyOf(operatorClient.LastToken!));
        Assert.Equal(HttpStatusCode.OK, (await writer.SendOnceAsync(HttpMethod.Get, "/v2/", null, null, before)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await operatorClient.SendAsync(HttpMethod.Delete, $"/v2/acme/app/blobs/{DockerClient.Digest(layer)}")).StatusCode);
    }

    // The certificate of the key that signed.
    private static string KeyOf(string token) =>
        JsonElement.Parse(Base64Url.DecodeFromChars(token.Split('.')[0])).GetProperty("x5c")[0].GetString()!;

    private static async Task<RunningProgram> StartRegistryAsync(TemporaryFolder folder, PortcullisServer server, int port)
    {
        var home = folder.Make("registry");
        using var http = new HttpClient();
        await File.WriteAllTextAsync(Path.Combine(home, "portcullis.pem"), await http.GetStringAsync(server.Url + "/token/certificate.pem"));
        await File.WriteAllTextAsync(Path.Combine(home, "config.yml"), $"""
            version: 0.1
            storage:
              filesystem:
                rootdirectory: {home}/data
              delete:
                enabled: true
            http:
              addr: 127.0.0.1:{port}
            auth:
              token:
                realm: {server.Url}/token
                service: {Service}
                issuer: {server.Url}
                rootcertbundle: {home}/portcullis.pem
            """);
        return await RunningProgram.StartAsync("docker-registry", ["serve", Path.Combine(home, "config.yml")], home, port);
    }
}
