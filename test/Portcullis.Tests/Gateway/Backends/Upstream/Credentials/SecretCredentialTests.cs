using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Portcullis.Gateway.Backends.Upstream.Credentials;

namespace Portcullis.Tests.Gateway.Backends.Upstream.Credentials;

public sealed class SecretCredentialTests : IDisposable
{
    private static readonly UpstreamCredentialRequest s_request = new("acme/app", IsPush: false);
    private readonly string _file = Path.GetTempFileName();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("x-access-token")]
    [InlineData("oauth2")]
    [InlineData("x-token-auth")]
    [InlineData("")]
    public async Task Basic_carries_the_user_name_and_the_file_s_line(string user)
    {
        File.WriteAllText(_file, "tøken:with:colons\r\n");
        var value = await Basic(user).GetAsync(s_request, Cancel);
        Assert.Equal("Basic", value.Scheme);
        Assert.Equal($"{user}:tøken:with:colons", Encoding.UTF8.GetString(Convert.FromBase64String(value.Parameter!)));
    }

    [Fact]
    public async Task File_counts_as_it_is_now_even_if_its_time_and_size_do_not_tell()
    {
        var credential = Bearer();
        var time = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.WriteAllText(_file, "first");
        File.SetLastWriteTimeUtc(_file, time);
        var first = await credential.GetAsync(s_request, Cancel);
        File.WriteAllText(_file, "other");
        File.SetLastWriteTimeUtc(_file, time);

        Assert.Equal("Bearer first", first.ToString());
        Assert.Equal("Bearer other", (await credential.GetAsync(s_request, Cancel)).ToString());
    }

    [Fact]
    public async Task Rejected_secret_is_shown_again_only_if_it_is_another_by_now()
    {
        var credential = Bearer();
        File.WriteAllText(_file, "first");
        var first = await credential.GetAsync(s_request, Cancel);
        Assert.Null(await credential.RenewAsync(s_request, first, Cancel));

        File.WriteAllText(_file, "second");
        Assert.Equal("Bearer second", (await credential.RenewAsync(s_request, first, Cancel))?.ToString());
    }

    [Theory]
    [InlineData("", "no secret")]
    [InlineData("\n", "no secret")]
    [InlineData("one\ntwo", "not a single line")]
    [InlineData("one\r\nX-Evil: 1", "not a single line")]
    [InlineData("nul\0", "not a single line")]
    public async Task What_can_not_be_a_secret_is_refused_without_being_shown(string content, string problem)
    {
        File.WriteAllText(_file, content);
        var exception = await Assert.ThrowsAsync<UpstreamCredentialException>(() => Bearer().GetAsync(s_request, Cancel).AsTask());
        Assert.Contains(problem, exception.Message);
        Assert.DoesNotContain("Evil", exception.ToString());
    }

    [Fact]
    public async Task Byte_order_mark_is_no_part_of_it()
    {
        File.WriteAllText(_file, "token\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal("Bearer token", (await Bearer().GetAsync(s_request, Cancel)).ToString());
    }

    [Fact]
    public async Task Bytes_that_are_no_text_and_files_too_large_are_refused()
    {
        File.WriteAllBytes(_file, [0xC3, 0x28]);
        Assert.Contains("UTF-8", (await Assert.ThrowsAsync<UpstreamCredentialException>(() => Bearer().GetAsync(s_request, Cancel).AsTask())).Message);
        File.WriteAllText(_file, new string('a', (64 << 10) + 1));
        Assert.Contains("larger", (await Assert.ThrowsAsync<UpstreamCredentialException>(() => Bearer().GetAsync(s_request, Cancel).AsTask())).Message);
        File.Delete(_file);
        Assert.Contains("no such file", (await Assert.ThrowsAsync<UpstreamCredentialException>(() => Bearer().GetAsync(s_request, Cancel).AsTask())).Message);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("ü")]
    [InlineData("a,b")]
    public async Task Bearer_token_holds_only_what_tokens_hold(string token)
    {
        File.WriteAllText(_file, token);
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => Bearer().GetAsync(s_request, Cancel).AsTask());
    }

    [Fact]
    public async Task Environment_variable_serves_as_well()
    {
        var name = $"PORTCULLIS_TEST_{Guid.NewGuid():N}";
        var credential = Create(new BearerCredentialDefinition(new SecretLocation(null, name)));
        Assert.Contains(name, (await Assert.ThrowsAsync<UpstreamCredentialException>(() => credential.GetAsync(s_request, Cancel).AsTask())).Message);
        Environment.SetEnvironmentVariable(name, "from-the-environment");
        Assert.Equal("Bearer from-the-environment", (await credential.GetAsync(s_request, Cancel)).ToString());
        Environment.SetEnvironmentVariable(name, null);
    }

    private IUpstreamCredential Basic(string user) => Create(new BasicCredentialDefinition(user, new SecretLocation(_file, null)));

    private IUpstreamCredential Bearer() => Create(new BearerCredentialDefinition(new SecretLocation(_file, null)));

    private static IUpstreamCredential Create(UpstreamCredentialDefinition definition) => definition.Create(
        new UpstreamCredentialServices(new HttpMessageInvoker(new SocketsHttpHandler()), TimeProvider.System, NullLoggerFactory.Instance));
}
