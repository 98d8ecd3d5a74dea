using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.Keys;

/// <summary>
/// Under what private keys and cookies are protected: keys in the data folder, readable by the owner alone; or, with an operator's key file or certificate, keys in the database, encrypted
/// under that, which several nodes share.
/// </summary>
internal static class KeyProtection
{
    public static void Add(IServiceCollection services, AuthorityOptions options)
    {
        IDataProtectionBuilder protection = services.AddDataProtection().SetApplicationName("portcullis");
        if (options.KeyEncryptionKeyFile is { } file)
        {
            services.AddSingleton(_ => KeyEncryptionKey.Read(file));
            services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureNamedOptions<KeyManagementOptions>(Options.DefaultName, management =>
            {
                management.XmlRepository = new DatabaseXmlRepository(provider.GetRequiredService<IServiceScopeFactory>());
                management.XmlEncryptor = new KeyFileEncryptor(provider.GetRequiredService<KeyEncryptionKey>());
            }));
        }
        else if (options.KeyEncryptionCertificate is { } certificate)
        {
            services.AddSingleton(_ => new CertificateRing(certificate, options.FormerKeyEncryptionCertificates));
            services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureNamedOptions<KeyManagementOptions>(Options.DefaultName, management =>
            {
                management.XmlRepository = new DatabaseXmlRepository(provider.GetRequiredService<IServiceScopeFactory>());
                management.XmlEncryptor = new CertificateEncryptor(provider.GetRequiredService<CertificateRing>());
            }));
        }
        else
        {
            var folder = Path.Combine(options.DataDirectory, "protection");
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            protection.PersistKeysToFileSystem(new DirectoryInfo(folder));
        }
    }
}

/// <summary>Keeps Data Protection's own keys in the database.</summary>
internal sealed class DatabaseXmlRepository(IServiceScopeFactory scopes) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using IServiceScope scope = scopes.CreateScope();
        return [.. scope.ServiceProvider.GetRequiredService<AuthorityDbContext>().ProtectionKeys.Select(row => row.Xml).AsEnumerable().Select(xml => XElement.Parse(xml))];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using IServiceScope scope = scopes.CreateScope();
        var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
        database.ProtectionKeys.Add(new ProtectionKeyRow { Name = friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
        database.SaveChanges();
    }
}
