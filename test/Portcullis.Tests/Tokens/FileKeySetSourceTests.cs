using System.Text;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Tokens;

public sealed class FileKeySetSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("portcullis-keys-").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    private string Path => System.IO.Path.Combine(_folder, "keys.json");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sees_a_change_within_a_second_and_keeps_the_object_otherwise()
    {
        using var first = SigningKey.Create();
        using var second = SigningKey.Create();
        File.WriteAllText(Path, ScriptedServer.Jwks(first));
        var source = new FileKeySetSource(Path, _time);
        KeySet? before = await source.GetAsync(Cancel);
        File.WriteAllText(Path, ScriptedServer.Jwks(second));

        Assert.Same(before, await source.GetAsync(Cancel));
        _time.Advance(TimeSpan.FromSeconds(1));
        KeySet? after = await source.GetAsync(Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([second.KeyId!], after!.KeyIds);
        Assert.Same(after, await source.GetAsync(Cancel));
    }

    [Fact]
    public async Task Sees_a_change_sooner_when_a_token_names_an_unknown_key()
    {
        using var first = SigningKey.Create();
        using var second = SigningKey.Create();
        File.WriteAllText(Path, ScriptedServer.Jwks(first));
        var source = new FileKeySetSource(Path, _time);
        await source.GetAsync(Cancel);
        File.WriteAllText(Path, ScriptedServer.Jwks(second));

        _time.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal([second.KeyId!], (await source.RefreshForUnknownKeyAsync(second.KeyId, Cancel))!.KeyIds);
    }

    [Fact]
    public async Task Follows_a_link_that_is_turned_to_another_file()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var first = SigningKey.Create();
        using var second = SigningKey.Create();
        File.WriteAllText(System.IO.Path.Combine(_folder, "a"), ScriptedServer.Jwks(first));
        File.WriteAllText(System.IO.Path.Combine(_folder, "b"), ScriptedServer.Jwks(second));
        File.CreateSymbolicLink(Path, System.IO.Path.Combine(_folder, "a"));
        var source = new FileKeySetSource(Path, _time);
        Assert.Equal([first.KeyId!], (await source.GetAsync(Cancel))!.KeyIds);

        File.Delete(Path);
        File.CreateSymbolicLink(Path, System.IO.Path.Combine(_folder, "b"));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([second.KeyId!], (await source.GetAsync(Cancel))!.KeyIds);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData(null)]
    public async Task Keeps_the_last_good_set_while_the_file_is_broken_or_missing(string? content)
    {
        using var key = SigningKey.Create();
        File.WriteAllText(Path, ScriptedServer.Jwks(key));
        var source = new FileKeySetSource(Path, _time);
        KeySet? before = await source.GetAsync(Cancel);
        if (content is null)
        {
            File.Delete(Path);
        }
        else
        {
            File.WriteAllText(Path, content);
        }

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Same(before, await source.GetAsync(Cancel));
        Assert.NotNull(source.Status.Problem);
        File.WriteAllText(Path, """{"keys":[]}""");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, (await source.GetAsync(Cancel))!.Count);
        Assert.Null(source.Status.Problem);
    }

    [Fact]
    public async Task Gives_nothing_where_there_never_was_a_file_and_reads_it_when_it_comes()
    {
        var source = new FileKeySetSource(Path, _time);
        Assert.Null(await source.GetAsync(Cancel));
        Assert.Equal("The file does not exist.", source.Status.Problem);
        using var key = SigningKey.Create();
        File.WriteAllText(Path, ScriptedServer.Jwks(key));

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull(await source.GetAsync(Cancel));
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef", 256)]
    [InlineData("0123456789abcdef0123456789abcdef\n", 256)]
    [InlineData("0123456789abcdef0123456789abcdef\r\n", 256)]
    [InlineData("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", 256)]
    [InlineData("base64:-_-_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", 256)]
    public void Accepts_a_secret_as_text_or_base64(string content, int bits) =>
        Assert.Equal(bits, SharedSecret.Decode(Encoding.UTF8.GetBytes(content)).Length * 8);

    [Theory]
    [InlineData("HS256", 31)]
    [InlineData("HS384", 47)]
    [InlineData("HS512", 63)]
    public async Task Rejects_a_secret_that_is_too_short_for_the_algorithm(string algorithm, int bytes)
    {
        File.WriteAllBytes(Path, new byte[bytes]);
        var source = new SecretFileKeySetSource(Path, [algorithm], _time);
        Assert.Null(await source.GetAsync(Cancel));
        Assert.Contains($"at least {(bytes + 1) * 8} are needed", source.Status.Problem, StringComparison.Ordinal);

        File.WriteAllBytes(Path, new byte[bytes + 1]);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await source.GetAsync(Cancel));
    }

    [Fact]
    public void Warns_of_a_secret_that_others_may_read()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.WriteAllBytes(Path, new byte[32]);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var source = new SecretFileKeySetSource(Path, ["HS256"], _time);
        Assert.Contains("chmod 600", source.Status.Problem, StringComparison.Ordinal);

        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Null(source.Status.Problem);
    }
}
