using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Portcullis.AspNetCore;

/// <summary>The validators of all schemes, each made when it is first asked for.</summary>
internal sealed class SchemeValidators(IOptionsMonitor<PortcullisTokenOptions> options, IServiceProvider services) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<SchemeValidator>> _validators = new(StringComparer.Ordinal);

    public SchemeValidator Of(string scheme) => _validators.GetOrAdd(
        scheme, name => new Lazy<SchemeValidator>(() => new SchemeValidator(options.Get(name), options.Get(name).TimeProvider ?? services.GetService<TimeProvider>() ?? TimeProvider.System))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var validator in _validators.Values.Where(validator => validator.IsValueCreated))
        {
            await validator.Value.DisposeAsync();
        }
    }
}
